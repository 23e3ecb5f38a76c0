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
  const copied = () => write(button, "Copied");
  const button = press("Copy", () => navigator.clipboard?.writeText(command).then(copied), "cw-button", { "aria-label": "copy the command" });
  return html("p", { class: "cw-row" }, html("code", {}, command), button);
}

const headOver = (words) => html("h3", { class: "cw-panel-title" }, words);
const space = () => html("span", { class: "cw-space" });

function sweepParts(page, own) {
  const heads = html("div", { class: "cw-row" });
  const map = html("div", { class: "sw-map", tabindex: 0, role: "group", "aria-roledescription": "map" });
  const told = html("p", { class: "cw-quiet", role: "status" });
  const linesTitle = headOver();
  const [lines, sisters] = ["sw-lines", "sw-small"].map((look) => html("div", { class: look }));
  const aside = html("aside", { class: "sw-point", "aria-label": "the runs of a point" });
  const el = html("div", { class: "sw-parts" }, html("section", { class: "sw-left" }, heads, map, told, linesTitle, lines), sisters, aside);
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
    const colours = legend[theme].map((colour) => html("i", { style: `background-color: ${colour}` }));
    refill(heads, headOver(title), space(), html("span", { class: "sw-legend" }, legend.low, colours, legend.high));
    write(linesTitle, sweep.map.lines);
    const dark = theme === "dark" ? 2 : 0;
    refill(sisters, smallParts(page, sweep, dark));
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
    const said = fill && large ? [cell.text, html("small", {}, cell.part)] : null;
    return html("div", { "data-cell": k, class: `sw-cell sw-${cell.state}`,
                         style: `${at(row(cell.y), cell.x)}; background-color: ${fill}; color: ${ink}` },
      said ?? (cell.state === "none" || fill ? null : signOf(cell.state)),
      frames.has(cell) ? svg("svg", { class: frames.get(cell) }, svg("rect", { width: "100%", height: "100%", rx: 4 })) : null);
  });
  const words = large ? [
    svg("svg", { width: 14, style: `grid-area: 1 / 1 / span ${tall}` },
      svg("g", { transform: `translate(11 ${large / 2 - 20}) rotate(-90)` }, label(0, 0, up.title, "cw-tick", "middle"))),
    up.texts.map((said, y) => html("span", { class: "cw-right", style: `grid-area: ${row(y)} / 2` }, said)),
    across.texts.map((said, x) => html("span", { style: at(tall + 1, x) }, said)),
    html("em", { style: `grid-area: ${tall + 2} / 3 / auto / -1` }, across.title),
  ] : null;
  const columns = `${large ? "auto auto " : ""}repeat(${across?.texts.length ?? 1}, minmax(0, 1fr))`;
  const template = `grid-template: repeat(${tall}, minmax(0, 1fr)) / ${columns}`;
  return html("div", { class: "sw-grid", "aria-hidden": "true", style: template }, words, made);
}

const HATCHING = Array.from({ length: 19 }, (_, k) => 10 * k - 90)
  .map((from) => (from < 10 ? `M0 ${from + 100}L${from + 100} 0` : `M${from} 100L100 ${from}`)).join("");
const signOf = (state) => svg("svg", { viewBox: "0 0 100 100", preserveAspectRatio: "none" },
  svg("path", { d: state === "failed" ? "M6 6L94 94M94 6L6 94" : HATCHING, "vector-effect": "non-scaling-stroke" }));

function smallParts(page, sweep, dark) {
  const say = (changed) => page.send({ do: "sweep", ...changed });
  const maps = sweep.small.map(({ measure, title, paints }) => press(
    [html("span", {}, title), mapOf(sweep, (_, k) => paints[k]?.slice(dark), false)], () => say({ measure }), "sw-sister",
    { "aria-label": `${title}: make it the large map` }));
  const open = sweep.choices.filter(({ options }) => options.length > 1);
  const choices = open.map(({ field, name, chosen, options }) => html("label", { class: "sw-choice" }, html("span", {}, name),
    choice(null, (k) => say({ [field]: options[k].value })).offer(options.map((option, k) => [k, option.name]), chosen)));
  return [maps.length ? [html("h2", {}, "The same points"), maps,
                         quiet("A click makes one the large map. The frame moves in all of them.")] : null,
          html("div", { class: "sw-choices" }, choices)];
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
  const known = (points) => points.filter(([, value]) => value !== null);
  const path = ({ points }) => (marks ? known(points).map(([place, value]) => `M${x(place) - 12} ${y(value)}h24`).join("")
    : lineThrough(points.map(([, value]) => value), (k) => x(points[k][0]), y));
  const dot = (place, value, r, look, cell) => svg("circle", { cx: x(place), cy: y(value), r, class: look, "data-cell": cell });
  const names = named.map((line) => ({ text: line.name, look: `sw-name-${kind(line)}`,
                                       value: known(line.points).at(-1)?.[1] ?? low }));
  return svg("svg", { width, height, "aria-hidden": "true" },
    gridOf(scale, withRoom(xs, x)), label((40 + right) / 2, height - 4, across, "cw-tick", "middle"),
    reaches.map(([place, from, to]) => svg("path", { d: `M${x(place)} ${y(from)}V${y(to)}`, class: "sw-reach" })),
    dots.map(([place, value]) => dot(place, value, 3.5, "sw-seed")),
    series.toSorted((a, b) => (kind(a) === "mine") - (kind(b) === "mine"))
      .map((line) => svg("path", { class: `sw-line sw-line-${kind(line)}`, d: path(line) })),
    targets.map(([place, value, cell, chosen]) => (chosen ? dot(place, value, 7, "sw-ring", cell) : dot(place, value, 12, "sw-target", cell))),
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
  const played = point.seeds.filter(({ run }) => run);
  const mine = played.find(({ seed }) => seed === own.seed) ?? played[0];
  const keep = (changed) => {
    Object.assign(own, changed);
    page.redraw();
  };
  const open = ({ run }) => {
    page.send({ do: "open", run });
    page.set({ view: "society", round: null });
  };
  const say = (changed) => () => page.send({ do: "sweep", ...changed });
  const go = (said, words, onclick, more) => press(said, onclick, "sw-go", { "aria-label": words, ...more });
  const { other, before, after } = point;
  return [
    html("header", { class: "cw-row" }, html("h2", {}, point.title), quiet(point.about), space(),
      go("‹", "point before", say({ point: before }), { disabled: before === null }),
      go("›", "next point", say({ point: after }), { disabled: after === null })),
    other ? html("div", { class: "sw-compared" },
      html("p", { class: "cw-row" }, html("strong", {}, other.sentence), space(), go("×", "end the comparison", say({ other: null }))),
      tableOf({ headers: other.headers, rows: other.rows })) : null,
    point.courses.map((spec) => html("section", {}, headOver(spec.title),
      Object.assign(html("div", { class: "sw-course", role: "img", "aria-label": `${spec.title}, a line a seed` }), { spec, seed: mine?.seed }))),
    seedsTable(point, mine, go, open, keep),
    html("p", { class: "cw-row" }, mine ? press(`Open seed ${mine.seed} in Society`, () => open(mine), "cw-primary") : null,
      sweep.map.across ? press(own.comparing ? "Choose the other cell …" : "Compare with another cell",
        () => keep({ comparing: !own.comparing }), "cw-button", { "aria-pressed": String(own.comparing) }) : null),
    quiet(point.few),
    sweep.more ? html("details", {}, html("summary", {}, sweep.more.told), copyable(sweep.more.command)) : null,
  ];
}

/** A row a seed: what it came to, or why it did not; a click makes its line black, another opens it. */
function seedsTable({ seeds, measures }, mine, go, open, keep) {
  const cell = (said, more = {}) => html("td", more, said);
  const told = ({ state, texts, why }) => state === "played" ? texts.map((said) => cell(said))
    : cell(why ? `× ${why}` : "not played yet", { colspan: texts.length || 1, class: "sw-why" });
  const rows = seeds.map((each) => html("tr", { class: each === mine ? "sw-mine" : null },
    cell(go(each.seed, `seed ${each.seed}`, () => keep({ seed: each.seed }), { disabled: !each.run, "aria-pressed": String(each === mine) })),
    told(each), cell(each.run ? go("open ▸", `open seed ${each.seed} in Society`, () => open(each)) : "")));
  const heads = ["seed", ...measures, ""].map((name) => html("th", { scope: "col" }, name));
  return html("table", { class: "cw-table sw-seeds" }, html("thead", {}, html("tr", {}, heads)), html("tbody", {}, rows));
}
