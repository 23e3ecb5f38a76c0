// The strip at the foot of every view of a run: progress bar, scrubber and overview in one, with marks of events.

import { choice, html, label, line, pointIn, press, put, signButton, sizeOf, svg, write } from "./dom.js";
import { clampedTo, figure } from "./numbers.js";
import { bandPath, roundTicks, scaleOver } from "./axes.js";

const TOP = 24; // pixels above the band, for the marks of events and the round
const BENEATH = 18; // for ticks

/** The strip, with its buttons where the page plays. */
export function stripOf(page, buttons = true) {
  const picture = svg("svg", { class: "cw-strip-picture", role: "slider", tabindex: "0", "aria-label": "round shown",
                               "aria-valuemin": "0" });
  const el = html("section", { class: "cw-strip", "aria-label": "rounds" }, buttons ? transport(page) : null, picture);
  const scale = () => {
    const { width, height } = sizeOf(picture);
    return scaleOver({ left: 0, right: width, top: TOP, bottom: height - BENEATH, low: 0, high: 1,
                       first: 0, last: Math.max(1, page.store.newest) });
  };
  const roundAt = (event) => scale().roundAt(pointIn(picture, event).x);
  const scrub = (event) => page.look(roundAt(event));
  picture.addEventListener("pointerdown", (event) => {
    picture.setPointerCapture(event.pointerId);
    const above = pointIn(picture, event).y < TOP - 6;
    picture.onpointermove = above ? stretchFrom(page, roundAt, event) : scrub;
    if (!above) scrub(event);
  });
  picture.addEventListener("pointerup", () => (picture.onpointermove = null));
  const update = () => {
    if (page.store.setup && sizeOf(picture).width > 100) drawStrip(page, picture, scale());
  };
  return { el, update };
}

/** Dragging above the band chooses a stretch of rounds; a click lets it go. */
function stretchFrom(page, roundAt, event) {
  const begin = roundAt(event);
  page.set({ stretch: null });
  return (moved) => {
    const end = roundAt(moved);
    page.set({ stretch: begin === end ? null : { from: Math.min(begin, end), to: Math.max(begin, end) } });
  };
}

function transport(page) {
  const play = press("", () => page.playOrPause(), "cw-primary cw-play");
  const speed = choice("speed", (value) => page.send({ do: "speed", speed: Number(value) }), "cw-speed");
  const key = (name) => html("kbd", {}, name);
  page.on(() => {
    const { state, fields } = page.docs;
    if (!state) return;
    write(play, state.playing ? "❚❚ Pause" : "▶ Play");
    play.title = fields?.changes && !state.playing ? "play with what was changed: a new run" : "";
    play.dataset.playing = state.playing;
    speed.offer((state.speeds ?? []).map((each) => [each, each ? `${each} rounds/s` : "∞ rounds/s"]), state.speed);
  });
  return html("div", { class: "cw-transport" },
    html("div", { class: "cw-row" },
      signButton("M3 3h2v10H3zM13 3v10L6 8z", "from the start", () => page.send({ do: "again" })), play,
      signButton("M11 3h2v10h-2zM3 3v10l7-5z", "one round on", () => page.stepOn()), speed),
    html("p", { class: "cw-hint" }, key("space"), " play ", key("←"), " ", key("→"), " round ", key("E"), " next event"));
}

function drawStrip(page, picture, scale) {
  const { right: width, top, bottom, last } = scale;
  const shown = page.round;
  const layers = layersOf(page.store);
  const at = clampedTo(scale.x(shown), 0, width);
  const pill = clampedTo(at, 17, width - 17);
  picture.replaceChildren(
    ...layers.map(({ ink, low, high }) => svg("path", { d: bandPath(low, high, scale), class: `cw-fill-${ink}` })),
    ...(page.docs.told?.events ?? []).map((event) => eventMark(event, scale)),
    svg("rect", { x: at, y: top, width: Math.max(0, width - at), height: bottom - top, class: "cw-later" }),
    line(at, top - 4, at, bottom, "cw-now"),
    svg("rect", { x: pill - 17, y: 2, width: 34, height: 18, rx: 4, class: "cw-pill" }),
    label(pill, 15, figure(shown), "cw-pill-text", "middle"),
    ...roundTicks(0, last, width / 90).map((tick) =>
      label(clampedTo(scale.x(tick), 3, width - 12), bottom + 14, figure(tick), "cw-tick", "middle")),
    ...layers.flatMap((layer) => nameInside(layer, scale)));
  put(picture, { "aria-valuemax": last, "aria-valuenow": shown, "aria-valuetext": `round ${shown} of ${last}` });
}

/** Of each action the shares between which its layer lies, in every round from 0, which looks as the first does. */
function layersOf({ length, courses, setup }) {
  let low = new Float32Array(length && length + 1);
  return setup.actions.map(({ name, ink, measure }) => {
    const high = low.map((sum, round) => sum + (courses[measure][Math.max(0, round - 1)] || 0));
    const layer = { name, ink, low, high };
    low = high;
    return layer;
  });
}

/** The name of an action where its layer is high enough for so wide a text. */
function nameInside({ name, ink, low, high }, scale) {
  const span = Math.max(1, Math.round((7 * name.length + 8) / (scale.x(1) - scale.x(0))));
  let room = 13 / (scale.bottom - scale.top);
  let best = null;
  for (let from = 1; from + span < low.length; from += Math.max(1, span >> 1)) {
    const free = Math.min(...high.subarray(from, from + span + 1)) - Math.max(...low.subarray(from, from + span + 1));
    if (free > room + 1e-6) [best, room] = [from, free];
  }
  if (best === null) return [];
  const middle = Math.min(best + (span >> 1), low.length - 1);
  return [label(scale.x(middle), scale.y((low[middle] + high[middle]) / 2) + 4, name, `cw-inside cw-on-${ink}`, "middle")];
}

function eventMark({ round, text, ink }, scale) {
  return svg("path", { d: `M${scale.x(round) - 4.5} ${scale.top - 12}h9l-4.5 7z`, class: ink ? `cw-fill-${ink}` : "cw-event" },
    svg("title", {}, `round ${round}: ${text}`));
}
