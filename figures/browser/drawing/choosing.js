// What is compared: the fields at the left of Compare, and the form for one more rule.

import { changes, choice, html, press, put, refill, write } from "./dom.js";

/** Compare these rules, as the document has them; the first is what the others are compared with. */
export function sendRules(page, rules) {
  page.send({ do: "compare", rules: rules.map((rule) => rule.changes) });
}

/** The column at the left: by what is compared, what is the same in all, what is shown, and how far it is. */
export function compareColumn(page, turnTable) {
  const groups = html("div", { class: "cw-groups" });
  const far = html("p", { class: "cw-quiet", role: "status" });
  const buttons = html("div", { class: "cw-row" });
  const el = html("aside", { class: "cw-fields", "aria-label": "what is compared" }, groups,
    html("div", { class: "cw-fields-foot" }, far, buttons));
  const [groupsDiffer, buttonsDiffer] = [changes(), changes()];
  const update = (doc, asTable) => {
    const { field, fields, asked, look, scenario, more, progress: { playing, done, text } } = doc;
    write(far, text);
    if (groupsDiffer(JSON.stringify([field, fields, asked, look, scenario]))) refill(groups, groupsOf(page, doc)); // what is used stays
    if (!buttonsDiffer(playing, done, JSON.stringify(more), asTable)) return;
    refill(buttons, playing ? press("Stop", () => page.send({ do: "compare stop" }))
      : done ? press(more.text, () => page.send({ do: "compare more", seeds: more.seeds }))
        : press("Go on", () => page.send({ do: "compare" })),
    press(asTable ? "Pictures" : "Table", turnTable));
  };
  return { el, update };
}

function groupsOf(page, { field, fields, scenario, asked, look }) {
  const compare = (name, value) => page.send({ do: "compare", [name]: value });
  const path = choice("Field", (chosen) => compare("field", chosen)).offer(fields.map((each) => [each.path, each.label]), field);
  const slider = (name, unit, most) => {
    const label = name[0].toUpperCase() + name.slice(1);
    const value = html("output", {}, `${asked[name]}${unit}`);
    const range = html("input", { type: "range", min: 1, max: Math.max(most, asked[name]), value: asked[name], "aria-label": label,
                                  oninput: () => write(value, `${range.value}${unit}`), onchange: () => compare(name, Number(range.value)) });
    return [row(label, value), html("div", { class: "cw-slider" }, html("span", { class: "cw-track" }, range))];
  };
  const tick = (name, label) => {
    const box = html("input", { type: "checkbox", checked: look[name], onchange: () => compare(name, box.checked) });
    return row(label, box);
  };
  const group = (name, ...rows) => html("fieldset", { class: "cw-group" }, html("legend", {}, name), ...rows.flat());
  return [group("Compare by", row("Field", path)),
          group("Same in all", row("Scenario", html("output", {}, scenario)), slider("seeds", ", paired", 32), slider("rounds", "", 400)),
          group("Show", tick("mean", "Mean"), tick("band", "95 % of the mean"), tick("single", "Single seeds"))];
}

const row = (label, control) => html("div", { class: "cw-field" }, html("label", { class: "cw-line-row" },
  html("span", { class: "cw-space" }, label), html("span", { class: "cw-value" }, control)));

/** "+ rule": one more value of the field that is compared, or of another field. */
export function ruleMenu(page, { fields, field, rules }) {
  const taken = rules.map((rule) => JSON.stringify(rule.changes));
  const groups = fields.toSorted((a, b) => (b.path === field) - (a.path === field)).map(({ path, label, values }) => {
    const free = values.map(({ value, text }) => [JSON.stringify({ [path]: value }), text]).filter(([value]) => !taken.includes(value));
    return html("optgroup", { label }, free.map(([value, text]) => html("option", { value }, text)));
  });
  const add = (value) => sendRules(page, [...rules, { changes: JSON.parse(value) }]);
  return put(choice("one more rule", add, "cw-button cw-add"), {}, html("option", { value: "" }, "+ rule"), groups);
}
