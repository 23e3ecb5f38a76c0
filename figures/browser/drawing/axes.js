// Axes: where rounds and values lie in a picture, their ticks, lines and bands; and the panels of a run's courses.

import { apart, brief, buckets, clampedTo, figure, percent, rounded, ticks } from "./numbers.js";
import { html, label, line, pointIn, sizeOf, svg } from "./dom.js";

const FOOT = 22; // pixels for the ticks of rounds
const SIDE = 34; // and for those of values
const LINE = 14; // between two names
const APART = 48; // between two ticks of rounds

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

/** Lines and ticks of a scale: about `ticks` values, and what stands below, pairs of place and text; rounds if not given. */
export function gridOf(scale, below = roundsBelow(scale)) {
  return [...ticks(scale.low, scale.high, scale.ticks ?? 2).map((tick) => [
    line(scale.left, scale.y(tick), scale.right, scale.y(tick), "cw-grid"),
    label(scale.left - 6, scale.y(tick) + 4, figure(tick), "cw-tick", "end"),
  ]), ...below.map(([place, text]) => label(scale.x(place), scale.bottom + 16, text, "cw-tick", "middle"))].flat();
}

function roundsBelow({ first, last, left, right }) {
  return roundTicks(first, last, (right - left) / APART).map((round) => [round, figure(round)]);
}

/** Ticks of rounds: the first and the last, and round numbers between them that have room. */
export function roundTicks(first, last, most) {
  if (last <= first) return [first];
  const room = (0.7 * (last - first)) / Math.max(1, most);
  const between = ticks(first, last, Math.max(1, Math.floor(most)), true).filter(
    (tick) => tick - first > room && last - tick > room);
  return [first, ...between, last];
}

/** Names at the ends of lines, where their last values are, with what they are now. */
export function endNames(scale, names) {
  const places = apart(names.map(({ value }) => scale.y(value)), LINE, scale.top + 4, scale.bottom);
  return names.map(({ text, told, look }, i) => label(scale.right + 6, places[i] + 4,
    told ? [`${text} `, svg("tspan", { class: "cw-strong" }, told)] : text, `cw-name ${look}`));
}

/** A path of what is known of a measure, thinned to what can be seen. */
export function coursePath(course, length, scale) {
  const points = buckets(course, Math.max(1, Math.round(scale.right - scale.left)), scale.first - 1,
    Math.min(length, scale.last));
  if (points.length === 1) points.push([points[0][0] + 0.01, points[0][1]]);
  return points.map(([i, value], k) =>
    `${k && i - points[k - 1][0] < 400 ? "L" : "M"}${scale.x(i + 1).toFixed(1)} ${scale.y(value).toFixed(1)}`).join("");
}

/** The area between two courses that begin in the first round of a scale. */
export function bandPath(lows, highs, scale) {
  const last = lows.length - 1;
  const step = Math.max(1, Math.floor(lows.length / (scale.right - scale.left)));
  const places = Array.from({ length: Math.ceil(last / step) + 1 }, (_, k) => Math.min(k * step, last))
    .filter((i) => Number.isFinite(lows[i]));
  const edge = (ends) => places.map((i) => `${scale.x(scale.first + i).toFixed(1)} ${scale.y(ends[i]).toFixed(1)}`);
  return places.length > 1 ? `M${[...edge(highs), ...edge(lows).reverse()].join("L")}Z` : "";
}

export function coursePanel(page, panel) {
  const picture = svg("svg", { class: "cw-panel-picture", role: "img", "aria-label": panel.title });
  const el = html("section", { class: "cw-panel" }, html("h3", { class: "cw-panel-title" }, panel.title), picture);
  const scaleNow = () => scaleOf(page, panel, sizeOf(picture));
  picture.addEventListener("pointermove", (event) => page.set({ pointed: scaleNow().roundAt(pointIn(picture, event).x) }));
  picture.addEventListener("pointerleave", () => page.set({ pointed: null }));
  const update = () => {
    if (page.store.setup && sizeOf(picture).width >= 60) picture.replaceChildren(...coursesOf(page, panel, scaleNow()));
  };
  return { el, update };
}

function scaleOf(page, panel, { width, height }) {
  const [first, last] = page.span();
  const names = page.store.setup.panels.flatMap(({ lines }) => lines.map(({ name }) => name)); // so that all axes end alike
  const side = Math.min(130, 14 + 5.9 * Math.max(...names.map((name) => name.length + 5)));
  const [low, high] = spanOf(page.store, panel, first, last);
  const top = page.docs.episodes?.episodes.length ? 20 : 8; // letters of episodes stand above
  return scaleOver({ left: SIDE, right: Math.max(SIDE + 40, width - side), top, bottom: height - FOOT, low, high, first, last });
}

function spanOf(store, panel, first, last) {
  let [low, high] = [panel.low ?? Infinity, panel.high ?? -Infinity];
  for (const { measure } of panel.lines) {
    const course = store.courses[measure];
    for (let i = first - 1; i < Math.min(last, store.length); i++) {
      if (course[i] < low) low = course[i];
      if (course[i] > high) high = course[i];
    }
  }
  return low === panel.low && high === panel.high ? [low, high] : rounded(low, high);
}

function coursesOf(page, { lines, percent: inPercent }, scale) {
  const { store } = page;
  const under = page.state.pointed;
  const round = under ?? page.round;
  const values = lines.map(({ measure }) => store.value(measure, round));
  const told = inPercent ? percent : brief;
  const names = lines.map(({ name, ink, measure }, i) => ({ text: name, told: told(values[i]), look: `cw-text-${ink}`,
    value: store.courses[measure].subarray(0, Math.min(store.length, scale.last)).findLast(Number.isFinite) }));
  return [...gridOf(scale), ...shadesOf(page, scale),
    ...lines.map(({ measure, ink }) =>
      svg("path", { d: coursePath(store.courses[measure], store.length, scale), class: `cw-line cw-ink-${ink}` })),
    ...(under !== null || round < store.newest ? cursorOf(lines, scale, values, round) : []),
    ...endNames(scale, names)];
}

/** What is chosen, and lettered episodes, as shaded stretches of rounds; hatched where nothing is sure of them. */
function shadesOf(page, scale) {
  const stretches = (page.docs.episodes?.episodes ?? []).concat(page.state.stretch ?? []);
  return stretches.filter(({ from, to }) => to >= scale.first && from <= scale.last).map(({ from, to, letter, look = "", depth, hatched }) => {
    const [left, right] = [scale.x(Math.max(from - 0.5, scale.first)), scale.x(Math.min(to + 0.5, scale.last))];
    const wide = Math.max(2, right - left);
    return svg("g", {},
      svg("rect", { x: left, y: scale.top, width: wide, height: scale.bottom - scale.top, class: `cw-shade ${look}`,
                    style: depth === undefined ? null : `opacity:${depth}` }),
      hatched ? svg("path", { d: hatchIn(left, left + wide, scale), class: "cw-hatch" }) : null,
      letter ? label((left + right) / 2, scale.top - 4, letter, "cw-letter", "middle") : null);
  });
}

/** Slanted lines between two places of a picture. */
function hatchIn(left, right, { top, bottom }) {
  let path = "";
  for (let x = left - (bottom - top); x < right; x += 9) {
    const [from, to] = [Math.max(x, left), Math.min(x + bottom - top, right)];
    path += `M${from.toFixed(1)} ${(bottom - from + x).toFixed(1)}L${to.toFixed(1)} ${(bottom - to + x).toFixed(1)}`;
  }
  return path;
}

function cursorOf(lines, scale, values, round) {
  if (round < scale.first) return [];
  const x = scale.x(round);
  const dots = values.flatMap((value, i) => Number.isFinite(value)
    ? svg("circle", { cx: x, cy: scale.y(value), r: 3.5, class: `cw-dot cw-fill-${lines[i].ink}` }) : []);
  return [line(x, scale.top, x, scale.bottom, "cw-cursor"), ...dots];
}
