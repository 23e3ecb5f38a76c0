// Value rows: a row a principal, its limits on one axis a dimension, the losses now as lines, and what it costs.

import { html, refill, svg, write } from "./dom.js";
import { figure, ticks } from "./numbers.js";
import { asker, chooseIn, eye, lineThrough } from "./card.js";

const [HEAD_HIGH, NUMBER] = [62, 44]; // pixels above the rows, and of the numbers at their left
const SHOWN = 24; // rows before all are asked for

/** The view Values. */
export function valuesView(page) {
  const legend = html("p", { class: "cw-legend" });
  const count = html("span", { class: "cw-quiet" });
  const more = html("button", { type: "button", class: "cw-link", onclick: () => page.set({ allRows: !page.state.allRows }) });
  const sort = html("select", { "aria-label": "sort by", class: "cw-order", onchange: () => page.set({ sort: sort.value }) });
  const plane = html("select", { "aria-label": "rows or map", class: "cw-order",
                                 onchange: () => page.set({ axes: plane.value || null }) });
  const picture = svg("svg", { class: "cw-value-picture", role: "img" });
  const el = html("div", { class: "cw-values" }, html("div", { class: "cw-row cw-values-head" }, legend,
    html("span", { class: "cw-space" }), count, more, html("span", { class: "cw-quiet" }, "sort by"), sort, plane),
    html("div", { class: "cw-value-scroll" }, picture));
  const ask = asker(page, "values", () => ({ round: page.state.round, principal: page.state.principal,
                                             sort: page.state.sort ?? "", axes: page.state.axes ?? null }));
  chooseIn(page, picture);
  picture.addEventListener("pointerover", (event) => {
    const row = event.target.closest("[data-principal]");
    page.set({ hover: row ? Number(row.dataset.principal) : null });
  });
  picture.addEventListener("pointerleave", () => page.set({ hover: null }));
  let drawn = null;
  let key = "";
  const update = () => {
    ask();
    const doc = page.docs.values;
    if (!doc) return;
    const { clientWidth: width, clientHeight } = picture.parentElement;
    const now = [width, clientHeight, page.state.principal, page.state.allRows, page.state.eye].join();
    for (const row of picture.querySelectorAll("[data-principal]"))
      row.classList.toggle("cw-hovered", Number(row.dataset.principal) === page.state.hover);
    if (doc === drawn && now === key) return;
    [drawn, key] = [doc, now];
    options(sort, doc.sorts, doc.sort);
    options(plane, [["", "rows"], ...doc.views.map(([axes, name]) => [axes, `map: ${name}`])], doc.map?.axes ?? "");
    const rows = rowsShown(page, doc);
    refill(legend, keysOf(page, doc));
    write(count, doc.map ? `${doc.map.points.length} of ${doc.of}` : `${rows.length} of ${doc.of}`);
    more.hidden = Boolean(doc.map) || doc.rows.length <= SHOWN || doc.of > doc.rows.length;
    write(more, page.state.allRows ? "fewer" : "show all");
    if (doc.map) drawMap(page, picture, doc.map, width);
    else drawRows(page, picture, doc, rows, width, clientHeight);
  };
  return { el, update, table: () => tableOfValues(drawn) };
}

function options(select, wanted, chosen) {
  const text = JSON.stringify(wanted);
  if (select.dataset.options !== text)
    refill(select, wanted.map(([value, name]) => html("option", { value }, name))).dataset.options = text;
  select.value = chosen;
}

function rowsShown(page, doc) {
  if (page.state.allRows) return doc.rows;
  const first = doc.rows.slice(0, SHOWN);
  const chosen = doc.rows.slice(SHOWN).find((row) => row.index === page.state.principal);
  return chosen ? [...first.slice(0, -1), chosen] : first;
}

function keysOf(page, doc) {
  const hidden = page.state.eye === false;
  const only = html("button", { type: "button", class: "cw-turn", "aria-pressed": String(!hidden), title: "what only the simulation knows",
                                onclick: () => page.set({ eye: hidden }) }, eye());
  const keys = doc.marks.filter(([kind]) => !hidden || kind !== "true").map(([kind, name]) => [name, valueMark(kind, 0, false)]);
  if (hidden && !keys.length) keys.push(["declared", valueMark("declared", 0, false)]);
  if (!hidden && doc.dimensions.some((dimension) => dimension.broken)) keys.push(["true limit broken now", valueMark("true", 0, true)]);
  return [...keys.map(([name, shape]) => html("span", { class: "cw-key" },
    svg("svg", { width: 12, height: 12, viewBox: "-6 -6 12 12", "aria-hidden": "true" }, shape), name)), only];
}

function valueMark(mark, x, broken, y = 0) {
  if (mark === "believed") return svg("line", { x1: x, x2: x, y1: y - 5, y2: y + 5, class: "cw-believed" });
  if (mark === "declared") return svg("circle", { cx: x, cy: y, r: 4.2, class: "cw-declared" });
  return broken ? svg("path", { d: `M${x} ${y - 5}l5 9h-10z`, class: "cw-fill-defect" })
    : svg("circle", { cx: x, cy: y, r: 4.2, class: "cw-true" });
}

/** Where the columns of a picture so wide lie: an axis a dimension, then bars, then who is away. */
function columnsOf(doc, width) {
  const costs = doc.rows.some((row) => row.cost !== null);
  const right = (doc.screens ? 160 : 0) + (costs ? 200 : doc.rows.some((row) => row.gone) ? 130 : 20);
  const each = Math.max(130, (width - NUMBER - right) / doc.dimensions.length);
  const at = NUMBER + doc.dimensions.length * each;
  return { width: at + right, costs, taken: doc.screens ? at + 20 : null, away: at + (doc.screens ? 160 : 0) + 10,
           axes: doc.dimensions.map((dimension, k) => ({ left: NUMBER + k * each + 16, right: NUMBER + (k + 1) * each - 30 })) };
}

function drawRows(page, picture, doc, rows, width, height) {
  const columns = columnsOf(doc, width);
  const dense = doc.dimensions.some((dimension) => dimension.density) ? 34 : 0;
  const top = HEAD_HIGH + dense;
  const high = Math.min(24, Math.max(15, (height - top - 28) / Math.min(rows.length, SHOWN))); // of a row
  const bottom = top + high * rows.length;
  const most = Math.max(1, ...rows.map((row) => row.taken ?? 0));
  const dearest = Math.max(1e-12, ...rows.map((row) => row.cost ?? 0));
  sizeTo(picture, columns.width, bottom + 26, `limits of ${rows.length} of ${doc.of} principals`);
  const axes = doc.dimensions.map((dimension, k) => axisOf(dimension, columns.axes[k], { top, bottom, dense }));
  const heads = [[0, "principal", ""], ...(columns.taken === null ? [] : [[columns.taken, "taken off", "of its updates, 50 rounds"]]),
    ...(columns.costs ? [[columns.away, "value cost", "money a round"]] : [])];
  const shapes = rows.map((row, i) => rowOf(page, row, { y: top + high * (i + 0.5), high, columns, axes, most, dearest }));
  picture.replaceChildren(...axes.flatMap((axis) => axis.shapes),
    ...heads.flatMap(([x, name, about]) => [label(x, 14, name, name === "principal" ? "cw-tick" : "cw-value-head"), label(x, 30, about, "cw-tick")]),
    ...shapes);
}

function label(x, y, words, style, anchor = "start") {
  return svg("text", { x, y, class: style, "text-anchor": anchor }, words);
}

function axisOf(dimension, { left, right }, { top, bottom, dense }) {
  const { low, high, now } = dimension;
  const x = (value) => left + ((right - left) * (value - low)) / (high - low);
  const shapes = [label(left, 14, dimension.name, "cw-value-head"), label(left, 30, dimension.about, "cw-tick")];
  const inside = now !== null && !dimension.beyond;
  if (inside) {
    const [from, to] = dimension.broken_side === "right" ? [x(now), right] : [left, x(now)];
    shapes.push(svg("rect", { x: from, y: top, width: Math.max(0, to - from), height: bottom - top, class: "cw-broken-side" }));
  }
  for (const tick of ticks(low, high, 5)) shapes.push(
    svg("line", { x1: x(tick), x2: x(tick), y1: top, y2: bottom, class: "cw-grid" }),
    label(x(tick), HEAD_HIGH - 10, figure(tick), "cw-tick", "middle"));
  if (dimension.density) {
    const highest = Math.max(...dimension.density, 1);
    const wide = (right - left) / dimension.density.length;
    shapes.push(...dimension.density.map((many, i) => svg("rect", { x: left + i * wide, width: Math.max(1, wide - 1),
      y: top - 4 - ((dense - 8) * many) / highest, height: ((dense - 8) * many) / highest, class: "cw-density" })));
  }
  if (inside) shapes.push(svg("line", { x1: x(now), x2: x(now), y1: top - 4, y2: bottom + 4, class: "cw-now-line" }));
  const arrow = { left: ["◀ ", "start", left], right: ["", "end", right] }[dimension.beyond];
  shapes.push(arrow ? label(arrow[2], bottom + 19, `${arrow[0]}${dimension.now_text}${dimension.beyond === "right" ? " ▶" : ""}`, "cw-name cw-text-rule-1", arrow[1])
    : label(inside ? Math.min(Math.max(x(now), left + 40), right - 40) : left, bottom + 19, dimension.now_text, "cw-name cw-text-rule-1", "middle"));
  return { x, left, right, shapes };
}

function rowOf(page, row, { y, high, columns, axes, most, dearest }) {
  const chosen = row.index === page.state.principal;
  const limits = row.limits.flatMap((limit, k) => limitOf(page, limit, axes[k].x, y));
  const bar = (x, wide, style, words) => [svg("rect", { x, y: y - 3.5, width: Math.max(wide, 1), height: 7, class: style }),
    label(x + wide + 6, y + 4, words, "cw-tick")];
  const taken = columns.taken === null || row.taken === null ? [] : bar(columns.taken, (94 * row.taken) / most, "cw-fill-rule-1", row.taken_text);
  const cost = row.cost === null ? [] : bar(columns.away, (80 * row.cost) / dearest, "cw-value-cost", row.cost_text);
  const away = row.gone ? [label(columns.away + (columns.costs ? 90 : 0), y + 4, row.gone, "cw-name cw-text-defect")] : [];
  const words = `principal ${row.index}: ${row.limits.map((limit) => limit.text).join("; ")}; taken off ${row.taken_text}`;
  return svg("g", { class: `cw-value-row${row.gone ? " cw-gone" : ""}`, "data-principal": row.index },
    svg("title", {}, words),
    svg("rect", { x: 0, y: y - high / 2, width: columns.width, height: high,
                  class: chosen ? "cw-chosen-row" : "cw-plain-row" }),
    label(NUMBER - 18, y + 4, String(row.index), chosen ? "cw-name cw-strong" : "cw-name", "end"), limits, taken, cost, away);
}

function limitOf(page, limit, x, y) {
  const shown = page.state.eye === false ? { believed: limit.believed, declared: limit.declared ?? limit.true } : limit;
  const places = ["true", "believed", "declared"].filter((mark) => (shown[mark] ?? null) !== null);
  if (!places.length) return []; // no value of its own
  const values = places.map((mark) => x(shown[mark]));
  return [svg("line", { x1: Math.min(...values), x2: Math.max(...values), y1: y, y2: y, class: "cw-limit-line" }),
    ...places.map((mark) => valueMark(mark, x(shown[mark]), limit.broken && mark === "true", y)).reverse()];
}

/** The plane of two dimensions, with the way each principal's limits came. */
function drawMap(page, picture, map, width) {
  const [left, top, bottom] = [60, 14, 434];
  const right = Math.min(780, width - 20);
  const scale = (side, from, to) => (value) => from + ((to - from) * (value - side.low)) / (side.high - side.low);
  const [x, y] = [scale(map.x, left, right), scale(map.y, bottom, top)];
  const upright = (value, style) => svg("line", { x1: x(value), x2: x(value), y1: top, y2: bottom, class: style });
  const level = (value, style) => svg("line", { x1: left, x2: right, y1: y(value), y2: y(value), class: style });
  const within = (side) => side.now !== null && side.now >= side.low && side.now <= side.high;
  const points = map.points.map((point) => svg("g", { class: "cw-value-row", "data-principal": point.index },
    svg("title", {}, `principal ${point.index}`),
    svg("path", { d: lineThrough(point.x.map((_, i) => i), (i) => x(point.x[i]), (i) => y(point.y[i])), class: "cw-limit-line cw-trail" }),
    point.index === page.state.principal
      ? svg("circle", { cx: x(point.x.at(-1)), cy: y(point.y.at(-1)), r: 10, class: "cw-chosen-row cw-ring" }) : null,
    valueMark("true", x(point.x.at(-1)), point.broken, y(point.y.at(-1)))));
  sizeTo(picture, width, bottom + 48, `map of ${map.points.length} of ${map.of} principals: ${map.x.title}; ${map.y.title}`);
  refill(picture,
    ticks(map.x.low, map.x.high, 5).flatMap((tick) => [upright(tick, "cw-grid"), label(x(tick), bottom + 16, figure(tick), "cw-tick", "middle")]),
    ticks(map.y.low, map.y.high, 5).flatMap((tick) => [level(tick, "cw-grid"), label(left - 6, y(tick) + 4, figure(tick), "cw-tick", "end")]),
    within(map.x) ? upright(map.x.now, "cw-now-line") : null, within(map.y) ? level(map.y.now, "cw-now-line") : null, points,
    label((left + right) / 2, bottom + 36, map.x.title, "cw-name", "middle"), label(10, 9, map.y.title, "cw-name"));
}

function sizeTo(picture, width, height, words) {
  for (const [name, value] of [["width", width], ["height", height], ["aria-label", words]]) picture.setAttribute(name, value);
}

function tableOfValues(doc) {
  const headers = ["principal", ...(doc?.dimensions ?? []).map(({ name, about }) => `${name} ${about}`), "taken off", "away"];
  return { title: "Limits", headers, rows: (doc?.rows ?? []).map((row) =>
    [row.index, ...row.limits.map((limit) => limit.text), row.taken_text, row.gone]) };
}
