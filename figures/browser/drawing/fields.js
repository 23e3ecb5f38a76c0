// The fields at the left: native inputs with labels, what is not played yet, and the way to all other fields.

import { html, refill, write } from "./dom.js";
import { thousands } from "./numbers.js";

/** The column of fields. */
export function fieldsColumn(page) {
  const groups = html("div", { class: "cw-groups" });
  const find = finder(page);
  const foot = footOf(page);
  const el = html("aside", { class: "cw-fields", "aria-label": "fields" }, groups, find.el, foot.el);
  const rows = new Map(); // by path: rows stay, so that what is being typed stays
  const pinned = new Set();
  let drawn = null;

  page.findField = () => {
    delete page.root.dataset.fields;
    find.open();
  };
  page.pinField = (path) => {
    pinned.add(path);
    drawn = null;
    update();
    rows.get(path).el.scrollIntoView({ block: "nearest" });
    rows.get(path).el.querySelector("input, select").focus();
  };
  page.hideFields = () => {
    if (page.root.dataset.fields) delete page.root.dataset.fields;
    else page.root.dataset.fields = "hidden";
    page.redraw();
  };

  const rowOf = (field) => {
    const form = field.kind + field.choices?.map(([value]) => value);
    if (rows.get(field.path)?.form !== form) rows.set(field.path, Object.assign(makeRow(page, field), { form }));
    const row = rows.get(field.path);
    row.update(field);
    return row.el;
  };
  const update = () => {
    groups.hidden = find.isOpen();
    const told = page.docs.fields;
    foot.update(told);
    if (!told || told === drawn) return;
    drawn = told;
    const held = document.activeElement;
    const shown = told.groups.map(({ name, fields }) => [name, fields.filter((each) => each.first || pinned.has(each.path))]);
    refill(groups, shown.filter(([, fields]) => fields.length).map(([name, fields]) =>
      html("fieldset", { class: "cw-group" }, html("legend", {}, name), fields.map(rowOf))));
    if (groups.contains(held)) held.focus({ preventScroll: true });
    find.update();
  };
  return { el, update };
}

/** A row: label, value, slider beneath, and what is wrong. */
function makeRow(page, first) {
  const leaves = (first.parts ?? [first]).map((field) => makeControl(page, field, !first.parts));
  const label = html(first.parts ? "span" : "label", { class: "cw-label", for: first.parts ? null : idOf(first.path) }, first.label);
  const dot = html("span", { class: "cw-changed" });
  const unit = html("span", { class: "cw-unit" });
  const error = html("p", { class: "cw-field-error", id: `${idOf(first.path)}-error` });
  const values = leaves.flatMap(({ control }, i) => (i ? ["–", control] : [control]));
  const sliders = html("div", { class: first.parts ? "cw-slider cw-pair" : "cw-slider" }, leaves.map((leaf) => leaf.slider));
  const el = html("div", { class: "cw-field", "data-path": first.path },
    html("div", { class: "cw-line-row" }, label, html("span", { class: "cw-value" }, dot, values, unit)), sliders, error);
  const update = (field) => {
    el.title = `${field.help}; ${field.allowed}`;
    leaves.forEach((leaf, i) => leaf.update((field.parts ?? [field])[i]));
    write(unit, field.unit);
    write(error, field.error);
    sliders.hidden = !(field.parts ?? [field]).some((each) => each.slider);
    dot.dataset.is = field.changed ? "changed" : field.differs ? "differs" : "";
    const own = field.parts ? "" : `; the scenario's own: ${wordsOf(field, field.own)}`;
    dot.title = field.changed ? `changed, not played yet${own}` : field.differs ? `not the scenario's own${own}` : "";
  };
  return { el, update };
}

const idOf = (path) => `cw-field-${path.replace(/[^\w]/g, "-")}`;
const wordsOf = (field, value) => field.choices.find(([each]) => each === value)?.[1] ?? `${value} ${field.unit}`.trim();

/** A control and its slider. What is chosen or typed goes to the server as text; it alone judges it. */
function makeControl(page, first, alone) {
  const { path } = first;
  const say = (value) => page.send({ do: "set", values: { [path]: value } });
  const hidden = alone ? {} : { "aria-label": first.label };
  const listed = first.choices.length > 0;
  const control = listed
    ? html("select", { id: idOf(path), ...hidden, onchange: () => say(control.value) },
        first.choices.map(([value, words]) => html("option", { value, title: value }, words)))
    : html("input", { id: idOf(path), type: "text", autocomplete: "off", spellcheck: "false", ...hidden,
                      inputmode: /number|whole/.test(first.kind) ? "decimal" : null,
                      oninput: () => fit(), onchange: () => say(control.value) });
  const range = html("input", { type: "range", "aria-label": `${first.label}, slider`, tabindex: "-1",
                                oninput: () => { control.value = textAt(range); fit(); },
                                onchange: () => say(textAt(range)) });
  const own = html("i", { class: "cw-own", "aria-hidden": "true" });
  const slider = html("span", { class: "cw-track" }, range, own);
  let stops = null;
  const textAt = () => {
    const place = Number(range.value);
    return stops.texts ? stops.texts[place] : thousands((stops.low + place * stops.step).toFixed(stops.decimals));
  };
  const fit = () => {
    if (!listed) control.style.width = `${Math.min(Math.max(control.value.length, 1), 17) + 0.5}ch`;
  };
  const update = (field) => {
    const typing = document.activeElement === control && !listed && control.value !== control.dataset.sent;
    if (!typing || field.error) control.value = control.dataset.sent = field.text;
    fit();
    control.setAttribute("aria-invalid", String(Boolean(field.error)));
    control.setAttribute("aria-describedby", field.error ? `${idOf(field.path)}-error` : "");
    stops = field.slider;
    slider.hidden = !stops;
    if (!stops) return;
    const last = (stops.texts?.length ?? stops.stops) - 1;
    range.max = last;
    if (document.activeElement !== range || !range.matches(":active")) range.value = Math.round(stops.at);
    range.setAttribute("aria-valuetext", `${field.text} ${field.unit}`.trim());
    own.style.left = `calc(6px + ${stops.tick / last} * (100% - 12px))`;
    own.hidden = Math.abs(stops.tick - stops.at) < last / 200;
  };
  return { control, slider, update };
}

/** The foot: changes and what can be done with them, the seed, and the way to find a field. */
function footOf(page) {
  const told = html("p", { class: "cw-not-played", role: "status" });
  const play = html("button", { type: "button", class: "cw-primary", onclick: () => page.send({ do: "begin" }) }, "Play with it");
  const undo = html("button", { type: "button", class: "cw-button", onclick: () => page.send({ do: "undo" }) }, "Undo");
  const changes = html("div", { class: "cw-changes", hidden: true }, told, html("div", { class: "cw-row" }, play, undo));
  const seed = html("div", { class: "cw-seed" });
  const more = html("span");
  const find = html("button", { type: "button", class: "cw-find", onclick: () => page.findField() },
    "Find a field ", html("kbd", {}, "/"), more);
  let row = null;
  const update = (fields) => {
    if (!fields) return;
    row ??= makeRow(page, fields.seed);
    if (!row.el.parentNode) seed.append(row.el);
    row.update(fields.seed);
    changes.hidden = !fields.changes;
    write(told, `${fields.changes} ${fields.changes === 1 ? "change" : "changes"}, not played yet`);
    write(play, fields.changes === 1 ? "Play with it" : "Play with them");
    write(more, ` · ${fields.more} more`);
  };
  return { el: html("div", { class: "cw-fields-foot" }, changes, seed, find), update };
}

/** The search over all fields, by label, path and what it means. What is chosen is pinned into its group. */
function finder(page) {
  const input = html("input", { type: "search", class: "cw-search", "aria-label": "find a field", placeholder: "find a field",
                                autocomplete: "off", oninput: () => list() });
  const found = html("ul", { class: "cw-found", "aria-label": "fields found" });
  const el = html("div", { class: "cw-finder", hidden: true }, input, found);
  const close = () => {
    el.hidden = true;
    page.redraw();
  };
  const pick = (field) => {
    close();
    el.previousSibling.hidden = false;
    page.pinField(field.path);
  };
  const list = () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    const all = page.docs.fields.groups.flatMap((group) => group.fields);
    const text = (field) => [field.label, field.path, field.help, ...(field.parts ?? []).map((part) => `${part.label} ${part.path}`)]
      .join(" ").toLowerCase();
    const fits = all.filter((field) => words.every((word) => text(field).includes(word)));
    const late = (field) => ` ${field.label.toLowerCase()} ${field.path.replace(/[._]/g, " ")} `.indexOf(` ${words[0] ?? ""}`) >>> 0;
    fits.sort((a, b) => late(a) - late(b));
    refill(found, fits.map((field) => html("li", {}, html("button", { type: "button", onclick: () => pick(field) },
      html("b", {}, field.label), html("span", { class: "cw-path" }, field.path), html("span", { class: "cw-help-line" }, field.help)))),
      fits.length ? null : html("li", { class: "cw-quiet" }, "No field is called that."));
  };
  el.addEventListener("keydown", (event) => {
    if (event.key === "Escape") close();
    else if (event.key === "Enter" && event.target === input) found.querySelector("button")?.click();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  const open = () => {
    el.hidden = false;
    input.value = "";
    list();
    input.focus();
    page.redraw();
  };
  return { el, open, isOpen: () => !el.hidden, update: () => el.hidden || list() };
}
