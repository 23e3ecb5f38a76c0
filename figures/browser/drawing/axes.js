// A panel of courses: title with unit, few ticks, names at the ends of the lines, the round that is shown.

import { apart, brief, buckets, clampedTo, figure, percent, rounded, ticks } from "./numbers.js";
import { html, pointIn, sizeOf, svg } from "./dom.js";

const FOOT = 22; // pixels for the ticks of rounds
const SIDE = 34; // and for those of values
const LINE = 14; // between two names

/**
 * A panel of the run's courses.
 * @param page the page
 * @param panel a panel of the setup
 */
export function coursePanel(page, panel) {
  const title = html("h3", { class: "cw-panel-title" }, panel.title);
  const picture = svg("svg", { class: "cw-panel-picture", role: "img", "aria-label": panel.title });
  const el = html("section", { class: "cw-panel" }, title, picture);
  const parts = { grid: svg("g"), shades: svg("g"), lines: svg("g"), cursor: svg("g"), names: svg("g") };
  picture.append(...Object.values(parts));
  const draw = () => {
    const box = sizeOf(picture);
    if (box.width < 60 || !page.store.setup) return;
    drawCourses(page, panel, parts, scaleOf(page, panel, box), page.state.pointed);
  };
  picture.addEventListener("pointermove", (event) => {
    page.set({ pointed: scaleOf(page, panel, sizeOf(picture)).roundAt(pointIn(picture, event).x) });
  });
  picture.addEventListener("pointerleave", () => page.set({ pointed: null }));
  return { el, update: draw };
}

/** Where rounds and values of a panel lie in its picture. */
function scaleOf(page, panel, box) {
  const [first, last] = page.span();
  const names = page.store.setup.panels.flatMap(({ lines }) => lines.map((line) => line.name)); // so that all axes end alike
  const side = Math.min(130, 14 + 5.9 * Math.max(...names.map((name) => name.length + 5)));
  const [left, right] = [SIDE, Math.max(SIDE + 40, box.width - side)];
  const [top, bottom] = [8, box.height - FOOT];
  const [low, high] = spanOf(page.store, panel, first, last);
  return scaleOver({ left, right, top, bottom, low, high, first, last });
}

/** Rounds and values to pixels of a picture and back; a pointer means no round after `known`. */
export function scaleOver(sides, known = sides.last) {
  const { left, right, top, bottom, low, high, first, last } = sides;
  return {
    ...sides,
    x: (round) => left + ((right - left) * (round - first)) / Math.max(1, last - first),
    y: (value) => bottom - ((bottom - top) * (clampedTo(value, low, high) - low || 0)) / (high - low),
    roundAt: (x) => Math.round(clampedTo(first + ((last - first) * (x - left)) / (right - left), first, known)),
    valueAt: (y) => clampedTo(low + ((high - low) * (bottom - y)) / (bottom - top), low, high),
  };
}

/** Names at the ends of lines, where their last values are, with what they are now. */
export function endNames(scale, names) {
  const places = apart(names.map(({ value }) => scale.y(value)), LINE, scale.top + 4, scale.bottom);
  return names.map(({ text, told, look }, i) => svg("text", { x: scale.right + 6, y: places[i] + 4, class: `cw-name ${look}` },
    told ? `${text} ` : text, told ? svg("tspan", { class: "cw-strong" }, told) : null));
}

function spanOf(store, panel, first, last) {
  let [low, high] = [Infinity, -Infinity];
  for (const line of panel.lines) {
    const course = store.courses[line.measure];
    for (let i = first - 1; i < Math.min(last, store.length); i++) {
      if (course[i] < low) low = course[i];
      if (course[i] > high) high = course[i];
    }
  }
  if (panel.low !== null) low = Math.min(low, panel.low);
  if (panel.high !== null) high = Math.max(high, panel.high);
  return low === panel.low && high === panel.high ? [low, high] : rounded(low, high);
}

function drawCourses(page, panel, parts, scale, under) {
  const { store } = page;
  const told = panel.percent ? percent : brief;
  drawGrid(parts.grid, scale);
  drawShades(parts.shades, page, scale);
  const paths = panel.lines.map((line) =>
    svg("path", { d: coursePath(store.courses[line.measure], store.length, scale), class: `cw-line cw-ink-${line.ink}` }));
  parts.lines.replaceChildren(...paths);
  const round = under ?? page.round;
  const values = panel.lines.map((line) => store.value(line.measure, round));
  drawCursor(parts.cursor, panel, scale, values, under !== null || round < page.store.newest ? round : null);
  parts.names.replaceChildren(...endNames(scale, panel.lines.map((line, i) => ({ text: line.name, told: told(values[i]),
    look: `cw-text-${line.ink}`, value: store.courses[line.measure].subarray(0, Math.min(store.length, scale.last)).findLast(Number.isFinite) }))));
}

export function drawGrid(group, scale) {
  const texts = ticks(scale.low, scale.high, scale.ticks ?? 2).map((tick) => [
    svg("line", { x1: scale.left, x2: scale.right, y1: scale.y(tick), y2: scale.y(tick), class: "cw-grid" }),
    svg("text", { x: scale.left - 6, y: scale.y(tick) + 4, class: "cw-tick", "text-anchor": "end" }, figure(tick)),
  ]);
  const rounds = roundTicks(scale.first, scale.last, (scale.right - scale.left) / 48).map((tick) =>
    svg("text", { x: scale.x(tick), y: scale.bottom + 16, class: "cw-tick", "text-anchor": "middle" }, figure(tick)));
  group.replaceChildren(...texts.flat(), ...rounds);
}

/** Ticks of rounds: the first and the last, and round numbers between them that have room. */
export function roundTicks(first, last, most) {
  if (last <= first) return [first];
  const room = (0.7 * (last - first)) / Math.max(1, most);
  const between = ticks(first, last, Math.max(1, Math.floor(most)), true).filter(
    (tick) => tick - first > room && last - tick > room);
  return [first, ...between, last];
}

function drawShades(group, page, scale) {
  const stretches = (page.docs.episodes?.episodes ?? []).concat(page.state.stretch ? [page.state.stretch] : []);
  group.replaceChildren(...stretches.filter((each) => each.to >= scale.first && each.from <= scale.last).map((each) => {
    const [from, to] = [scale.x(Math.max(each.from, scale.first)), scale.x(Math.min(each.to, scale.last))];
    return svg("g", {},
      svg("rect", { x: from, y: scale.top, width: Math.max(2, to - from), height: scale.bottom - scale.top,
                    class: "cw-shade" }),
      each.letter ? svg("text", { x: (from + to) / 2, y: scale.top - 1, class: "cw-letter", "text-anchor": "middle" },
        each.letter) : null);
  }));
}

function drawCursor(group, panel, scale, values, round) {
  if (round === null || round < scale.first) return group.replaceChildren();
  const x = scale.x(round);
  const dots = values.map((value, i) => Number.isFinite(value)
    ? svg("circle", { cx: x, cy: scale.y(value), r: 3.5, class: `cw-dot cw-fill-${panel.lines[i].ink}` }) : null);
  return group.replaceChildren(svg("line", { x1: x, x2: x, y1: scale.top, y2: scale.bottom, class: "cw-cursor" }),
    ...dots.filter(Boolean));
}

export function coursePath(course, length, scale) {
  const points = buckets(course, Math.max(1, Math.round(scale.right - scale.left)), scale.first - 1,
    Math.min(length, scale.last));
  if (points.length === 1) points.push([points[0][0] + 0.01, points[0][1]]);
  return points.map(([i, value], k) =>
    `${k && i - points[k - 1][0] < 400 ? "L" : "M"}${scale.x(i + 1).toFixed(1)} ${scale.y(value).toFixed(1)}`).join("");
}

