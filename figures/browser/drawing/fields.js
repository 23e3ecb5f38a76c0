// The fields at the left: native inputs with labels, what is not played yet, and the way to all other fields.

import { changes, html, press, put, refill, write } from "./dom.js";
import { thousands } from "./numbers.js";

const idOf = (path) => `cw-field-${path.replace(/\W/g, "-")}`;

export function fieldsColumn(page) {
  const groups = html("div", { class: "cw-groups" });
  const find = finder(page, groups);
  const foot = footOf(page);
  const rows = new Map(); // by path: rows stay, so that what is being typed stays
  const pinned = new Set();
  const differs = changes();

  const seen = () => page.root.querySelector(".cw-fields").offsetWidth > 0;
  const show = () => seen() || (page.root.dataset.fields = "on");
  page.findField = () => {
    show();
    find.open();
  };
  page.hideFields = () => (page.root.dataset.fields = seen() ? "off" : "on");
  page.pinField = (path) => {
    pinned.add(path);
    show();
    fill(page.docs.fields);
    const { el: row } = rows.get(path);
    row.scrollIntoView({ block: "nearest" });
    row.querySelector("input, select").focus();
  };

  const rowOf = (field) => {
    const form = field.kind + field.choices?.map(([value]) => value);
    if (rows.get(field.path)?.form !== form) rows.set(field.path, { ...makeRow(page, field), form });
    rows.get(field.path).update(field);
    return rows.get(field.path).el;
  };
  const update = () => {
    const told = page.docs.fields;
    el.hidden = !told;
    if (differs(told) && told) fill(told);
  };
  const fill = (told) => {
    foot.update(told);
    const held = document.activeElement;
    const shown = told.groups.map(({ name, fields }) => [name, fields.filter((each) => each.first || pinned.has(each.path))]);
    refill(groups, shown.filter(([, fields]) => fields.length).map(([name, fields]) =>
      html("fieldset", { class: "cw-group" }, html("legend", {}, name), fields.map(rowOf))));
    if (groups.contains(held)) held.focus({ preventScroll: true });
  };
  const el = html("aside", { class: "cw-fields", "aria-label": "fields" }, groups, find.el, foot.el);
  return { el, update };
}

/** A row: label, value, slider beneath, and what is wrong. Two fields may share one. */
function makeRow(page, first) {
  const controls = (first.parts ?? [first]).map((field) => makeControl(page, field, first.parts));
  const dot = html("span", { class: "cw-changed", role: "img" });
  const unit = html("span");
  const error = html("p", { class: "cw-field-error", id: `${idOf(first.path)}-error` });
  const el = html("div", { class: "cw-field", "data-path": first.path },
    html("div", { class: "cw-line-row" }, html("label", { for: idOf(first.path) }, first.label),
      html("span", { class: "cw-value" }, dot, controls.flatMap(({ input }, i) => (i ? ["–", input] : [input])), unit)),
    html("div", { class: "cw-slider" }, controls.map(({ slider }) => slider)), error);
  const update = (field) => {
    const state = field.changed ? "changed, not played yet" : field.differs ? "not the scenario's own" : "";
    el.title = `${field.help}; ${field.allowed}`;
    controls.forEach((control, i) => control.update((field.parts ?? [field])[i]));
    write(unit, field.unit);
    write(error, field.error);
    dot.hidden = !state;
    dot.dataset.played = !field.changed;
    dot.ariaLabel = dot.title = field.parts ? state : `${state}: ${wordsOf(field, field.own)}`;
  };
  return { el, update };
}

const wordsOf = (field, value) => field.choices.find(([each]) => each === value)?.[1] ?? value;

/** An input or a list, and its slider. What is chosen or typed goes to the server as text; it alone judges it. */
function makeControl(page, { path, label, kind, choices }, shared) {
  const say = (value) => page.send({ do: "set", values: { [path]: value } });
  const named = { id: idOf(path), "aria-label": shared ? label : null, onchange: () => say(input.value) };
  const listed = choices.length > 0;
  const input = listed
    ? html("select", named, choices.map(([value, words]) => html("option", { value, title: value }, words)))
    : html("input", { ...named, type: "text", autocomplete: "off", inputmode: kind === "list" ? null : "decimal", oninput: () => fit() });
  const range = html("input", { type: "range", "aria-label": `${label}, slider`, onchange: () => say(textAt()),
                                oninput: () => { input.value = textAt(); fit(); } });
  const own = html("i");
  const slider = html("span", { class: "cw-track" }, range, own);
  let stops = null;
  const textAt = () => stops.texts?.[range.value]
    ?? thousands((stops.low + range.value * stops.step).toFixed(stops.decimals));
  const fit = () => listed || (input.style.width = `${Math.min(input.value.length - 0.5 * input.value.replace(/[^., ]/g, "").length, 26) + 0.5}ch`);
  let sent = null;
  const update = (field) => {
    const typing = document.activeElement === input && sent !== null && input.value !== sent && field.text === sent;
    if (!typing) input.value = sent = field.text;
    fit();
    put(input, { "aria-invalid": String(Boolean(field.error)), "aria-describedby": field.error ? `${idOf(path)}-error` : "" });
    stops = field.slider;
    slider.hidden = !stops;
    if (!stops) return;
    const last = (stops.texts?.length ?? stops.stops) - 1;
    range.max = last;
    if (!range.matches(":active")) range.value = Math.round(stops.at);
    range.ariaValueText = field.text;
    own.hidden = Math.abs(stops.tick - stops.at) < last / 100;
    own.style.left = `calc(5px + ${stops.tick / last} * (100% - 10px))`;
  };
  return { input, slider, update };
}

/** The foot: changes and what can be done with them, the seed, and the way to find a field. */
function footOf(page) {
  const told = html("p", { class: "cw-not-played", role: "status" });
  const changes = html("div", { class: "cw-changes", hidden: true }, told, html("div", { class: "cw-row" },
    press("Play with it", () => page.send({ do: "begin" }), "cw-primary"), press("Undo", () => page.send({ do: "undo" }))));
  const more = html("span");
  const el = html("div", { class: "cw-fields-foot" }, changes,
    press(["Find a field ", html("kbd", {}, "/"), more], () => page.findField(), "cw-find"));
  let seed = null;
  const update = (fields) => {
    if (!seed) changes.after((seed = makeRow(page, fields.seed)).el);
    seed.update(fields.seed);
    changes.hidden = !fields.changes;
    write(told, `${fields.changes} change${fields.changes === 1 ? "" : "s"}, not played yet`);
    write(more, ` · ${fields.more} more`);
  };
  return { el, update };
}

/** The search over all fields, by label, path and what it means. What is chosen is pinned into its group. */
function finder(page, groups) {
  const input = html("input", { type: "search", class: "cw-search", "aria-label": "find a field", oninput: () => list() });
  const found = html("div", { class: "cw-found", role: "list" });
  const el = html("div", { class: "cw-finder", hidden: true }, input, found);
  const show = (open) => {
    el.hidden = !open;
    groups.hidden = open;
  };
  const pick = (path) => {
    show(false);
    page.pinField(path);
  };
  const list = () => {
    const words = input.value.toLowerCase().split(/\s+/);
    const text = ({ parts, ...field }) => [field, ...(parts ?? [])].map(({ label, path, help }) => ` ${label} ${path} ${help}`).join("")
      .toLowerCase().replace(/[._]/g, " ");
    const early = (field) => text(field).indexOf(` ${words[0]}`) >>> 0; // where a word begins so comes before where it does not
    const fits = page.docs.fields.groups.flatMap(({ fields }) => fields)
      .filter((field) => words.every((word) => text(field).includes(word)));
    refill(found, fits.sort((a, b) => early(a) - early(b)).map(({ label, path, help }) => html("div", { role: "listitem" },
      press([html("b", {}, label), html("small", {}, path), html("small", {}, help)], () => pick(path), "cw-item"))));
  };
  el.addEventListener("keydown", (event) => {
    if (event.key === "Escape") show(false);
    else if (event.key === "Enter" && event.target === input) found.querySelector("button")?.click();
    else return;
    event.preventDefault();
  });
  const open = () => {
    show(true);
    input.value = "";
    list();
    input.focus();
  };
  return { el, open };
}
