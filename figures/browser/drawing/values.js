// Value rows: a row a principal, its limits on one axis a dimension, the losses now as lines, and what it costs.

import { asker, chooseIn, eye } from "./asking.js";
import { changes, choice, html, label, line, press, put, refill, small, svg, write } from "./dom.js";
import { later } from "./later.js";
import { along, lineThrough } from "./lines.js";
import { clampedTo, figure, ticks } from "./numbers.js";

const [HEAD_HIGH, NUMBER] = [62, 44]; // pixels above the rows, and of the numbers at their left
const SHOWN = 24; // rows before all are asked for

later.values = (page) => {
  const { state } = page;
  const legend = html("p", { class: "cw-legend" });
  const count = html("span", { class: "cw-quiet" });
  const more = press("", () => page.set({ allRows: !state.allRows }), "cw-link");
  const sort = choice("sort by", (chosen) => page.set({ sort: chosen }), "cw-order");
  const plane = choice("rows or map", (chosen) => page.set({ axes: chosen || null }), "cw-order");
  const picture = svg("svg", { class: "cw-value-picture", role: "img" });
  const el = html("div", { class: "cw-values" }, html("div", { class: "cw-row cw-values-head" }, legend,
    html("span", { class: "cw-space" }), count, more, html("span", { class: "cw-quiet" }, "sort by"), sort, plane),
    html("div", { class: "cw-value-scroll" }, picture));
  const ask = asker(page, "values", () => ({ round: state.round, principal: state.principal, sort: state.sort ?? "",
                                             axes: state.axes ?? null }));
  chooseIn(page, picture);
  picture.addEventListener("pointerover", (event) => {
    const row = event.target.closest("[data-principal]");
    page.set({ hover: row ? Number(row.dataset.principal) : null });
  });
  picture.addEventListener("pointerleave", () => page.set({ hover: null }));
  const differs = changes();
  const update = () => {
    ask();
    const doc = page.docs.values;
    if (!doc) return;
    const { clientWidth: width, clientHeight: height } = picture.parentElement;
    for (const row of picture.querySelectorAll("[data-principal]"))
      row.classList.toggle("cw-hovered", Number(row.dataset.principal) === state.hover);
    if (!differs(doc, width, height, state.principal, state.allRows, state.eye)) return;
    sort.offer(doc.sorts, doc.sort);
    plane.offer([["", "rows"], ...doc.views.map(([axes, name]) => [axes, `map: ${name}`])], doc.map?.axes ?? "");
    const rows = rowsShown(page, doc);
    refill(legend, keysOf(page, doc));
    write(count, `${(doc.map?.points ?? rows).length} of ${doc.of}`);
    more.hidden = Boolean(doc.map) || doc.rows.length <= SHOWN || doc.of > doc.rows.length;
    write(more, state.allRows ? "fewer" : "show all");
    if (doc.map) drawMap(page, picture, doc.map, width);
    else drawRows(page, picture, doc, rows, width, height);
  };
  return { el, update, table: () => tableOfValues(page.docs.values) };
};

function rowsShown(page, doc) {
  if (page.state.allRows) return doc.rows;
  const first = doc.rows.slice(0, SHOWN);
  const chosen = doc.rows.slice(SHOWN).find((row) => row.index === page.state.principal);
  return chosen ? [...first.slice(0, -1), chosen] : first;
}

function keysOf(page, doc) {
  const hidden = page.state.eye === false;
  const only = press(eye(), () => page.set({ eye: hidden }), "cw-turn",
    { "aria-pressed": String(!hidden), title: "what only the simulation knows" });
  const keys = doc.marks.filter(([kind]) => !hidden || kind !== "true").map(([kind, name]) => [name, valueMark(kind)]);
  if (hidden && !keys.length) keys.push(["declared", valueMark("declared")]);
  if (!hidden && doc.dimensions.some(({ broken }) => broken)) keys.push(["true limit broken now", valueMark("true", 0, 0, true)]);
  return [keys.map(([name, shape]) => html("span", { class: "cw-key" }, small(12, shape), name)), only];
}

function valueMark(mark, x = 0, y = 0, broken = false) {
  if (mark === "believed") return line(x, y - 5, x, y + 5, "cw-believed");
  if (mark === "true" && broken) return svg("path", { d: `M${x} ${y - 5}l5 9h-10z`, class: "cw-fill-defect" });
  return svg("circle", { cx: x, cy: y, r: 4.2, class: `cw-${mark}` });
}

/** Where the columns of a picture so wide lie: an axis a dimension, then bars, then who is away. */
function columnsOf(doc, width) {
  const costs = doc.rows.some((row) => row.cost !== null);
  const right = (doc.screens ? 160 : 0) + (costs ? 200 : doc.rows.some((row) => row.gone) ? 130 : 20);
  const each = Math.max(190, (width - NUMBER - right) / doc.dimensions.length);
  const at = NUMBER + doc.dimensions.length * each;
  return { width: at + right, costs, taken: doc.screens ? at + 20 : null, away: at + (doc.screens ? 160 : 0) + 10,
           axes: doc.dimensions.map((dimension, k) => ({ left: NUMBER + k * each + 16, right: NUMBER + (k + 1) * each - 30 })) };
}

function drawRows(page, picture, doc, rows, width, height) {
  const columns = columnsOf(doc, width);
  const dense = doc.dimensions.some(({ density }) => density) ? 34 : 0;
  const top = HEAD_HIGH + dense;
  const high = clampedTo((height - top - 28) / Math.min(rows.length, SHOWN), 15, 24); // of a row
  const bottom = top + high * rows.length;
  const most = Math.max(1, ...rows.map((row) => row.taken ?? 0));
  const dearest = Math.max(1e-12, ...rows.map((row) => row.cost ?? 0));
  const axes = doc.dimensions.map((dimension, k) => axisOf(dimension, columns.axes[k], { top, bottom, dense }));
  put(picture, { width: columns.width, height: bottom + 26, "aria-label": `limits of ${rows.length} of ${doc.of} principals` });
  refill(picture, axes.map((axis) => axis.shapes), label(0, 14, "principal"),
    columns.taken === null ? null : headOf(columns.taken, "taken off", "of its updates, 50 rounds"),
    columns.costs ? headOf(columns.away, "value cost", "money a round") : null,
    rows.map((row, i) => rowOf(page, row, { y: top + high * (i + 0.5), high, columns, axes, most, dearest })));
}

function headOf(x, name, about) {
  return [label(x, 14, name, "cw-value-head"), label(x, 30, about)];
}

function axisOf(dimension, { left, right }, { top, bottom, dense }) {
  const { low, high, now, beyond, density, now_text: told } = dimension;
  const x = along(low, high, left, right);
  const inside = now !== null && !beyond;
  const broken = dimension.broken_side === "right" ? [x(now), right] : [left, x(now)];
  const shapes = [
    headOf(left, dimension.name, dimension.about),
    inside ? boxOf(broken[0], top, broken[1] - broken[0], bottom - top, "cw-broken-side") : null,
    ticks(low, high, 5).map((tick) => [line(x(tick), top, x(tick), bottom, "cw-grid"),
                                       label(x(tick), HEAD_HIGH - 10, figure(tick), "cw-tick", "middle")]),
    density ? densityOf(density, left, right, top - 4, dense - 8) : null,
    inside ? line(x(now), top - 4, x(now), bottom + 4, "cw-now-line") : null,
  ];
  const said = { left: [left, `◀ ${told}`, "start"], right: [right, `${told} ▶`, "end"] }[beyond]
    ?? [inside ? clampedTo(x(now), left + 40, right - 40) : left, told, "middle"];
  return { x, shapes: [shapes, label(said[0], bottom + 19, said[1], "cw-name cw-text-rule-1", said[2])] };
}

/** How many principals have their limit where, as columns of at most so many pixels upon a level. */
function densityOf(density, left, right, level, high) {
  const most = Math.max(...density, 1);
  const wide = (right - left) / density.length;
  return density.map((many, i) => boxOf(left + i * wide, level - (high * many) / most, Math.max(1, wide - 1), (high * many) / most, "cw-density"));
}

function boxOf(x, y, width, height, look) {
  return svg("rect", { x, y, width: Math.max(0, width), height, class: look });
}

function rowOf(page, row, { y, high, columns, axes, most, dearest }) {
  const chosen = row.index === page.state.principal;
  const bar = (x, wide, look, words) => [boxOf(x, y - 3.5, Math.max(wide, 1), 7, look), label(x + wide + 6, y + 4, words)];
  const words = `principal ${row.index}: ${row.limits.map(({ text }) => text).join("; ")}; taken off ${row.taken_text}`;
  return svg("g", { class: `cw-value-row${row.gone ? " cw-gone" : ""}`, "data-principal": row.index },
    svg("title", {}, words),
    boxOf(0, y - high / 2, columns.width, high, chosen ? "cw-chosen-row" : "cw-plain-row"),
    label(NUMBER - 18, y + 4, row.index, chosen ? "cw-name cw-strong" : "cw-name", "end"),
    row.limits.map((limit, k) => limitOf(page, limit, axes[k].x, y)),
    columns.taken === null || row.taken === null ? null : bar(columns.taken, (94 * row.taken) / most, "cw-fill-rule-1", row.taken_text),
    row.cost === null ? null : bar(columns.away, (80 * row.cost) / dearest, "cw-value-cost", row.cost_text),
    row.gone ? label(columns.away + (columns.costs ? 90 : 0), y + 4, row.gone, "cw-name cw-text-defect") : null);
}

function limitOf(page, limit, x, y) {
  const shown = page.state.eye === false ? { believed: limit.believed, declared: limit.declared ?? limit.true } : limit;
  const places = ["declared", "believed", "true"].filter((mark) => (shown[mark] ?? null) !== null);
  if (!places.length) return [];
  const values = places.map((mark) => x(shown[mark]));
  return [line(Math.min(...values), y, Math.max(...values), y, "cw-limit-line"),
    places.map((mark) => valueMark(mark, x(shown[mark]), y, limit.broken))];
}

/** The plane of two dimensions, with the way each principal's limits came. */
function drawMap(page, picture, map, width) {
  const [left, top, bottom] = [60, 14, 434];
  const right = Math.min(780, width - 20);
  const x = along(map.x.low, map.x.high, left, right);
  const y = along(map.y.low, map.y.high, bottom, top);
  const upright = (value, look) => line(x(value), top, x(value), bottom, look);
  const level = (value, look) => line(left, y(value), right, y(value), look);
  const within = ({ now, low, high }) => now !== null && now >= low && now <= high;
  const points = map.points.map((point) => {
    const [at, height] = [x(point.x.at(-1)), y(point.y.at(-1))];
    return svg("g", { class: "cw-value-row", "data-principal": point.index },
      svg("title", {}, `principal ${point.index}`),
      svg("path", { d: lineThrough(point.y, (i) => x(point.x[i]), y), class: "cw-limit-line cw-trail" }),
      point.index === page.state.principal ? svg("circle", { cx: at, cy: height, r: 10, class: "cw-chosen-row cw-ring" }) : null,
      valueMark("true", at, height, point.broken));
  });
  put(picture, { width, height: bottom + 48,
                 "aria-label": `map of ${map.points.length} of ${map.of} principals: ${map.x.title}; ${map.y.title}` });
  refill(picture,
    ticks(map.x.low, map.x.high, 5).map((tick) => [upright(tick, "cw-grid"), label(x(tick), bottom + 16, figure(tick), "cw-tick", "middle")]),
    ticks(map.y.low, map.y.high, 5).map((tick) => [level(tick, "cw-grid"), label(left - 6, y(tick) + 4, figure(tick), "cw-tick", "end")]),
    within(map.x) ? upright(map.x.now, "cw-now-line") : null, within(map.y) ? level(map.y.now, "cw-now-line") : null, points,
    label((left + right) / 2, bottom + 36, map.x.title, "cw-name", "middle"), label(10, 9, map.y.title, "cw-name"));
}

function tableOfValues(doc) {
  const headers = ["principal", ...(doc?.dimensions ?? []).map(({ name, about }) => `${name} ${about}`), "taken off", "value cost", "away"];
  return { title: "Limits", headers, rows: (doc?.rows ?? []).map((row) =>
    [row.index, ...row.limits.map((limit) => limit.text), row.taken_text, row.cost_text, row.gone]) };
}
