// The strip at the foot of every view of a run: progress bar, scrubber and overview in one, with marks of events.

import { html, pointIn, sizeOf, svg, write } from "./dom.js";
import { clampedTo, figure } from "./numbers.js";
import { roundTicks } from "./axes.js";

const TOP = 24; // pixels above the band, for the marks of events and the round
const FOOT_STRIP = 18; // beneath it, for ticks

/** The strip, with its buttons where the page plays. */
export function stripOf(page, buttons = true) {
  const picture = svg("svg", { class: "cw-strip-picture", role: "slider", tabindex: "0", "aria-label": "round shown",
                               "aria-valuemin": "0" });
  const parts = { band: svg("g"), events: svg("g"), cursor: svg("g"), ticks: svg("g"), names: svg("g") };
  picture.append(...Object.values(parts));
  const el = html("section", { class: "cw-strip", "aria-label": "rounds" },
    buttons ? transport(page) : null, picture);

  const roundAt = (event) => {
    const last = Math.max(1, page.store.newest);
    return Math.round(clampedTo(pointIn(picture, event).x / sizeOf(picture).width, 0, 1) * last);
  };
  const scrub = (event) => page.look(roundAt(event));
  picture.addEventListener("pointerdown", (event) => {
    picture.setPointerCapture(event.pointerId);
    if (pointIn(picture, event).y < TOP - 6) choose(page, picture, roundAt, event);
    else {
      scrub(event);
      picture.onpointermove = scrub;
    }
  });
  picture.addEventListener("pointerup", () => (picture.onpointermove = null));

  const update = () => {
    const box = sizeOf(picture);
    if (page.store.setup && box.width > 100) drawStrip(page, picture, parts, box);
  };
  return { el, update };
}

/** Dragging above the band chooses a stretch of rounds; a click lets it go. */
function choose(page, picture, roundAt, event) {
  const begin = roundAt(event);
  page.set({ stretch: null });
  picture.onpointermove = (moved) => {
    const end = roundAt(moved);
    page.set({ stretch: begin === end ? null : { from: Math.min(begin, end), to: Math.max(begin, end) } });
  };
}

function transport(page) {
  const button = (label, words, action) =>
    html("button", { type: "button", class: "cw-icon", "aria-label": words, title: words, onclick: action },
      svg("svg", { width: 16, height: 16, viewBox: "0 0 16 16", "aria-hidden": "true" }, svg("path", { d: label })));
  const play = html("button", { type: "button", class: "cw-primary cw-play", onclick: () => page.playOrPause() });
  const speed = html("select", { class: "cw-speed", "aria-label": "speed",
                                 onchange: () => page.send({ do: "speed", speed: Number(speed.value) }) });
  const el = html("div", { class: "cw-transport" },
    html("div", { class: "cw-row" },
      button("M3 3h2v10H3zM13 3v10L6 8z", "from the start", () => page.send({ do: "again" })), play,
      button("M11 3h2v10h-2zM3 3v10l7-5z", "one round on", () => page.stepOn()), speed),
    html("p", { class: "cw-hint" }, html("kbd", {}, "space"), " play ", html("kbd", {}, "←"), " ", html("kbd", {}, "→"),
      " round ", html("kbd", {}, "E"), " next event"));
  page.on(() => {
    const state = page.docs.state;
    if (!state) return;
    write(play, state.playing ? "❚❚ Pause" : "▶ Play");
    play.title = page.docs.fields?.changes && !state.playing ? "play with what was changed: a new run" : "";
    play.dataset.playing = state.playing;
    if (!speed.options.length && state.speeds)
      speed.append(...state.speeds.map((each) => html("option", { value: each }, each ? `${each} rounds/s` : "∞ rounds/s")));
    speed.value = String(state.speed);
  });
  return el;
}

function drawStrip(page, picture, parts, box) {
  const { store } = page;
  const last = Math.max(1, store.newest);
  const x = (round) => (box.width * round) / last;
  const [top, bottom] = [TOP, box.height - FOOT_STRIP];
  const shown = page.round;
  drawBand(page, parts, { x, top, bottom, last, width: box.width });
  drawEvents(page, parts.events, x, top);
  const at = clampedTo(x(shown), 0, box.width);
  const pill = clampedTo(at, 17, box.width - 17);
  parts.cursor.replaceChildren(
    svg("rect", { x: at, y: top, width: Math.max(0, box.width - at), height: bottom - top, class: "cw-later" }),
    svg("line", { x1: at, x2: at, y1: top - 4, y2: bottom, class: "cw-now" }),
    svg("rect", { x: pill - 17, y: 2, width: 34, height: 18, rx: 4, class: "cw-pill" }),
    svg("text", { x: pill, y: 15, class: "cw-pill-text", "text-anchor": "middle" }, figure(shown)));
  parts.ticks.replaceChildren(...roundTicks(0, last, box.width / 90).map((tick) =>
    svg("text", { x: clampedTo(x(tick), 3, box.width - 12), y: bottom + 14, class: "cw-tick",
                  "text-anchor": "middle" }, figure(tick))));
  picture.setAttribute("aria-valuemax", last);
  picture.setAttribute("aria-valuenow", shown);
  picture.setAttribute("aria-valuetext", `round ${shown} of ${last}`);
}

/** Stacked shares: of what principals do, the part of all. Names stand inside where a share is widest. */
function drawBand(page, parts, frame) {
  const { store } = page;
  const { actions } = store.setup;
  const step = Math.max(1, Math.ceil(store.length / frame.width));
  const rounds = [];
  for (let round = 1; round <= store.length; round += step) rounds.push(round);
  if (rounds.length && rounds[rounds.length - 1] !== store.length) rounds.push(store.length);
  const below = new Float32Array(rounds.length);
  const areas = [];
  const names = [];
  const y = (share) => frame.bottom - (frame.bottom - frame.top) * share;
  for (const action of actions) {
    const course = store.courses[action.measure];
    const lower = Float32Array.from(below);
    rounds.forEach((round, i) => (below[i] += course[round - 1] || 0));
    const ups = rounds.map((round, i) => `${frame.x(round).toFixed(1)} ${y(below[i]).toFixed(1)}`);
    const downs = rounds.map((round, i) => `${frame.x(round).toFixed(1)} ${y(lower[i]).toFixed(1)}`).reverse();
    if (!rounds.length) continue;
    const start = [`0 ${y(below[0]).toFixed(1)}`, `0 ${y(lower[0]).toFixed(1)}`];
    areas.push(svg("path", { d: `M${start[0]}L${ups.join("L")}L${downs.join("L")}L${start[1]}z`,
                             class: `cw-fill-${action.ink}` }));
    names.push(nameInside(action, rounds, lower, below, frame, y));
  }
  parts.band.replaceChildren(...areas);
  parts.names.replaceChildren(...names.filter(Boolean));
}

/** The name of an action where its band is high enough for so wide a text. */
function nameInside(action, rounds, lower, upper, frame, y) {
  const need = 13 / (frame.bottom - frame.top);
  const wide = 7 * action.name.length + 8;
  const span = Math.max(1, Math.round(wide / Math.max(1e-6, frame.x(rounds[1] ?? 1) - frame.x(rounds[0]))));
  let best = -1;
  let room = need;
  for (let i = 0; i + span < rounds.length; i += Math.max(1, span >> 1)) {
    let high = 1;
    let low = 0;
    for (let j = i; j <= i + span; j++) {
      high = Math.min(high, upper[j]);
      low = Math.max(low, lower[j]);
    }
    if (high - low > room + 1e-6) [best, room] = [i, high - low];
  }
  if (best < 0) return null;
  const middle = Math.min(best + (span >> 1), rounds.length - 1);
  const level = (lower[middle] + upper[middle]) / 2;
  return svg("text", { x: frame.x(rounds[middle]), y: y(level) + 4, class: `cw-inside cw-on-${action.ink}`,
                       "text-anchor": "middle" }, action.name);
}

function drawEvents(page, group, x, top) {
  const events = page.docs.told?.events ?? [];
  group.replaceChildren(...events.map((event) =>
    svg("path", { d: `M${x(event.round) - 4.5} ${top - 12}h9l-4.5 7z`, class: event.ink ? `cw-fill-${event.ink}` : "cw-event" },
      svg("title", {}, `round ${event.round}: ${event.text}`))));
}
