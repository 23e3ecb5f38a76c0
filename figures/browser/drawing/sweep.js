// Sweeps: a large map, small maps of the same points, lines, and the runs of the point that is chosen.

import { endNames, gridOf, scaleOver } from "./axes.js";
import { ARROWS, changes, choice, html, label, press, refill, svg, write } from "./dom.js";
import { later } from "./later.js";
import { lineThrough } from "./lines.js";
import { quiet, tableOf } from "./tables.js";

const OPENING = { sentence: "Open a sweep, and see where it holds.",
                  context: "Finished, stopped or running: it opens as maps, and each of its runs can be played again." };

later.sweeps = (page) => {
  const el = html("div", { class: "cw-sweep" });
  const own = { seed: null, comparing: false, wanted: null }; // what only the browser knows
  const parts = sweepParts(page, own);
  const differs = changes();
  page.send({ do: "folders" });

  const update = () => {
    const { sweep, point, folders } = page.docs;
    if (!differs(sweep, point, folders, page.root.dataset.theme, el.clientWidth, el.clientHeight, ...Object.values(own))) return;
    if (!sweep) return void refill(el, folders ? folderList(page, folders) : []);
    if (el.firstChild !== parts.el) refill(el, parts.el);
    parts.update(sweep, point);
  };
  return { el, update, told: () => page.docs.sweep ?? OPENING,
           chip: () => page.docs.sweep && `${page.docs.sweep.place} · ${page.docs.sweep.counted}`,
           table: () => page.docs.sweep?.table ?? { title: "", headers: [], rows: [] } };
};

function folderList(page, { root, folders, how }) {
  return [html("h2", {}, folders.length ? `Stored in ${root}` : `Nothing is stored in ${root} yet.`),
    ...folders.map(({ name, place, what, when }) => press([html("strong", {}, place), html("span", {}, what), html("span", {}, when)],
      () => page.send({ do: "sweep", folder: name }), "sw-folder")),
    quiet("This plays a sweep that can be opened here, also while it is played:"), copyable(how)];
}

/** A command with a button that copies it. */
function copyable(command) {
  const button = press("Copy", () => navigator.clipboard?.writeText(command).then(() => write(button, "Copied")), "cw-button", { "aria-label": "copy the command" });
  return html("p", { class: "cw-row" }, html("code", {}, command), button);
}

function sweepParts(page, own) {
  const heads = html("div", { class: "cw-row" });
  const map = html("div", { class: "sw-map", tabindex: 0, role: "group", "aria-roledescription": "map" });
  const told = html("p", { class: "cw-quiet", role: "status" });
  const [linesTitle, lines, small] = [html("h3", { class: "cw-panel-title" }), html("div", { class: "sw-lines" }), html("div", { class: "sw-small" })];
  const aside = html("aside", { class: "sw-point", "aria-label": "the runs of a point" });
  const el = html("div", { class: "sw-parts" }, html("section", { class: "sw-left" }, heads, map, told, linesTitle, lines), small, aside);
  let sweep = null;

  const show = (document) => {
    if (document.view.point === own.wanted || document.place !== sweep?.place) own.wanted = null;
    sweep = own.wanted === null ? document : { ...document, view: { ...document.view, point: own.wanted } };
  };
  const choose = (cell) => {
    if (!cell?.points.length) return;
    page.send({ do: "sweep", [own.comparing ? "other" : "point"]: cell.points[0] });
    if (!own.comparing) own.wanted = cell.points[0]; // the frame moves before the answer comes
    own.comparing = false;
    show(sweep);
    page.redraw();
  };
  const under = (event) => sweep.map.cells[event.target.closest("[data-cell]")?.dataset.cell];
  const tell = (cell) => write(told, (cell ?? chosenCell(sweep))?.told ?? "");
  for (const picture of [map, lines]) {
    picture.addEventListener("click", (event) => choose(under(event)));
    picture.addEventListener("pointermove", (event) => tell(under(event)));
    picture.addEventListener("pointerleave", () => tell());
  }
  map.addEventListener("keydown", (event) => {
    const [right, down] = ARROWS[event.key] ?? [];
    let cell = right === undefined ? null : chosenCell(sweep);
    if (!cell) return;
    do cell = sweep.map.cells.find(({ x, y }) => x === cell.x + right && y === cell.y + (sweep.map.up?.named ? down : -down));
    while (cell && !cell.points.length);
    event.preventDefault();
    event.stopPropagation(); // arrows scrub elsewhere
    choose(cell);
  });

  const update = (document, point) => {
    show(document);
    const { across, up, legend, title } = sweep.map;
    const theme = page.root.dataset.theme;
    el.dataset.shape = up ? "map" : across ? "line" : "point";
    map.setAttribute("aria-label", `${title}; arrow keys choose a cell`);
    refill(heads, html("h3", { class: "cw-panel-title" }, title), html("span", { class: "cw-space" }), html("span", { class: "sw-legend" }, legend.low,
      legend[theme].map((colour) => html("i", { style: `background-color: ${colour}` })), legend.high));
    write(linesTitle, sweep.map.lines);
    const dark = theme === "dark" ? 2 : 0;
    refill(small, smallParts(page, sweep, dark));
    refill(map, up ? mapOf(sweep, (cell) => cell.paint?.slice(dark), map.clientHeight) : plot(map, sweep.lines));
    refill(lines, up ? plot(lines, sweep.lines) : []);
    tell();
    refill(aside, point ? pointParts(page, sweep, point, own) : []);
    for (const course of aside.querySelectorAll(".sw-course")) refill(course, plot(course, course.spec, course.seed));
  };
  return { el, update };
}

const cellOf = (sweep, point) => sweep.map.cells.find((cell) => cell.points.includes(point));
const chosenCell = (sweep) => cellOf(sweep, sweep.view.point);

/**
 * A grid of cells, hatched where they are to be played, crossed where they failed.
 * @param paintOf fill and ink of a cell
 * @param large its height; nothing is written on a small one
 */
function mapOf(sweep, paintOf, large) {
  const { across, up, cells } = sweep.map;
  const tall = up?.texts.length ?? 1;
  const row = (y) => (up?.named ? y + 1 : tall - y); // names are read from the top, numbers grow upwards
  const at = (y, x) => `grid-area: ${y} / ${x + (large ? 3 : 1)}`;
  const frames = new Map([[cellOf(sweep, sweep.view.other), "sw-other"], [chosenCell(sweep), "sw-frame"]]);
  const made = cells.map((cell, k) => {
    const [fill, ink] = paintOf(cell, k) ?? [];
    return html("div", { "data-cell": k, class: `sw-cell sw-${cell.state}`, style: `${at(row(cell.y), cell.x)}; background-color: ${fill}; color: ${ink}` },
      fill && large ? [cell.text, html("small", {}, cell.part)] : cell.state === "none" || fill ? [] : signOf(cell.state),
      frames.has(cell) ? svg("svg", { class: frames.get(cell) }, svg("rect", { width: "100%", height: "100%", rx: 4 })) : []);
  });
  const words = large && [svg("svg", { width: 14, style: `grid-area: 1 / 1 / span ${tall}` }, svg("text", { transform: `translate(11 ${large / 2 - 20}) rotate(-90)`, class: "cw-tick", "text-anchor": "middle" }, up.title)),
    ...up.texts.map((said, y) => html("span", { class: "cw-right", style: `grid-area: ${row(y)} / 2` }, said)),
    ...across.texts.map((said, x) => html("span", { style: at(tall + 1, x) }, said)), html("em", { style: `grid-area: ${tall + 2} / 3 / auto / -1` }, across.title)];
  const columns = `${large ? "auto auto " : ""}repeat(${across?.texts.length ?? 1}, minmax(0, 1fr))`;
  return html("div", { class: "sw-grid", "aria-hidden": "true", style: `grid-template: repeat(${tall}, minmax(0, 1fr)) / ${columns}` }, words || [], made);
}

const HATCHING = Array.from({ length: 19 }, (_, k) => (k < 10 ? `M0 ${10 * k + 10}L${10 * k + 10} 0` : `M${10 * k - 90} 100L100 ${10 * k - 90}`)).join("");
const signOf = (state) => svg("svg", { viewBox: "0 0 100 100", preserveAspectRatio: "none" },
  svg("path", { d: state === "failed" ? "M6 6L94 94M94 6L6 94" : HATCHING, "vector-effect": "non-scaling-stroke" }));

function smallParts(page, sweep, dark) {
  const maps = sweep.small.map(({ measure, title, paints }) => press(
    [html("span", {}, title), mapOf(sweep, (_, k) => paints[k]?.slice(dark), false)], () => page.send({ do: "sweep", measure }), "sw-sister",
    { "aria-label": `${title}: make it the large map` }));
  const choices = sweep.choices.filter(({ options }) => options.length > 1).map(({ field, name, chosen, options }) => html("label", { class: "sw-choice" }, html("span", {}, name),
    choice(null, (k) => page.send({ do: "sweep", [field]: options[k].value })).offer(options.map((option, k) => [k, option.name]), chosen)));
  const words = maps.length ? [html("h2", {}, "The same points"), ...maps, quiet("A click makes one the large map. The frame moves in all of them.")] : [];
  return [...words, html("div", { class: "sw-choices" }, choices)];
}

/**
 * Lines with their names at their ends; seeds and intervals of one of them.
 * @param box what it fills
 * @param spec as `line_plot` in Python says
 * @param seed whose line is black
 */
function plot(box, spec, seed) {
  if (!spec) return null;
  const { low, high, xs, across, series, dots, reaches, targets, marks } = spec;
  const [width, height] = [box.clientWidth, box.clientHeight];
  const kind = (line) => (line.kind === "" && line.seed === seed && seed !== undefined ? "mine" : line.kind);
  const named = series.filter(({ name, points }) => name && points.length);
  const right = width - 10 - 6.6 * Math.max(0, ...named.map(({ name }) => name.length));
  const scale = scaleOver({ left: 40, right, top: 8, bottom: height - (across ? 36 : 20), low, high, first: 0, last: 1 });
  const { x, y } = scale;
  const path = ({ points }) => (marks ? points.filter(([, value]) => value !== null).map(([place, value]) => `M${x(place) - 12} ${y(value)}h24`).join("")
    : lineThrough(points.map(([, value]) => value), (k) => x(points[k][0]), y));
  const names = named.map((line) => ({ text: line.name, look: `sw-name-${kind(line)}`,
                                       value: line.points.findLast(([, value]) => value !== null)?.[1] ?? low }));
  return svg("svg", { width, height, "aria-hidden": "true" },
    gridOf(scale, withRoom(xs, x)), label((40 + right) / 2, height - 4, across, "cw-tick", "middle"),
    reaches.map(([place, from, to]) => svg("path", { d: `M${x(place)} ${y(from)}V${y(to)}`, class: "sw-reach" })),
    dots.map(([place, value]) => svg("circle", { cx: x(place), cy: y(value), r: 3.5, class: "sw-seed" })),
    series.toSorted((a, b) => (kind(a) === "mine") - (kind(b) === "mine")).map((line) => svg("path", { class: `sw-line sw-line-${kind(line)}`, d: path(line) })),
    targets.map(([place, value, cell, chosen]) => svg("circle", { cx: x(place), cy: y(value), r: chosen ? 7 : 12, class: chosen ? "sw-ring" : "sw-target", "data-cell": cell })),
    endNames(scale, names));
}

/** Of what stands below a picture, pairs of place and text, that which has room beside what stands before it. */
function withRoom(pairs, x) {
  let free = -Infinity;
  return pairs.filter(([place, text]) => {
    const half = 3.3 * text.length + 3;
    const has = x(place) - half >= free;
    if (has) free = x(place) + half;
    return has;
  });
}

function pointParts(page, sweep, point, own) {
  const mine = point.seeds.find((seed) => seed.run && seed.seed === own.seed) ?? point.seeds.find((seed) => seed.run);
  const keep = (changes) => {
    Object.assign(own, changes);
    page.redraw();
  };
  const open = (seed) => {
    page.send({ do: "open", run: seed.run });
    page.set({ view: "society", round: null });
  };
  const say = (changes) => () => page.send({ do: "sweep", ...changes });
  const go = (said, label, onclick, more) => press(said, onclick, "sw-go", { "aria-label": label, ...more });
  const cell = (said, more) => html("td", more ?? {}, said);
  const rows = point.seeds.map((seed) => html("tr", { class: seed === mine ? "sw-mine" : null },
    cell(go(String(seed.seed), `seed ${seed.seed}`, () => keep({ seed: seed.seed }), { disabled: !seed.run, "aria-pressed": String(seed === mine) })),
    seed.state === "played" ? seed.texts.map((said) => cell(said)) : cell(seed.why ? `× ${seed.why}` : "not played yet", { colspan: seed.texts.length || 1, class: "sw-why" }),
    cell(seed.run ? go("open ▸", `open seed ${seed.seed} in Society`, () => open(seed)) : "")));
  const heads = ["seed", ...point.measures, ""].map((name) => html("th", { scope: "col" }, name));
  return [
    html("header", { class: "cw-row" }, html("h2", {}, point.title), quiet(point.about), html("span", { class: "cw-space" }),
      go("‹", "point before", say({ point: point.before }), { disabled: point.before === null }),
      go("›", "next point", say({ point: point.after }), { disabled: point.after === null })),
    point.other && html("div", { class: "sw-compared" }, html("p", { class: "cw-row" }, html("strong", {}, point.other.sentence), html("span", { class: "cw-space" }),
      go("×", "end the comparison", say({ other: null }))), tableOf({ headers: point.other.headers, rows: point.other.rows })),
    ...point.courses.map((spec) => html("section", {}, html("h3", { class: "cw-panel-title" }, spec.title),
      Object.assign(html("div", { class: "sw-course", role: "img", "aria-label": `${spec.title}, a line a seed` }), { spec, seed: mine?.seed }))),
    html("table", { class: "cw-table sw-seeds" }, html("thead", {}, html("tr", {}, heads)), html("tbody", {}, rows)),
    html("p", { class: "cw-row" }, mine && press(`Open seed ${mine.seed} in Society`, () => open(mine), "cw-primary"),
      sweep.map.across && press(own.comparing ? "Choose the other cell …" : "Compare with another cell", () => keep({ comparing: !own.comparing }), "cw-button", { "aria-pressed": String(own.comparing) })),
    quiet(point.few), sweep.more && html("details", {}, html("summary", {}, sweep.more.told), copyable(sweep.more.command)),
  ].filter(Boolean);
}
