// How a run goes: small multiples that share their rounds, and its events.

import { changes, html, press, refill } from "./dom.js";
import { coursePanel } from "./axes.js";

const LISTED = 9; // events

export function coursesPart(page) {
  const el = html("div", { class: "cw-panels" });
  let panels = [];
  const differs = changes();
  const update = () => {
    const { setup } = page.store;
    if (differs(setup.run)) {
      panels = setup.panels.map((panel) => coursePanel(page, panel));
      refill(el, panels.map((panel) => panel.el));
    }
    panels.forEach((panel) => panel.update());
  };
  return { el, update };
}

export function dynamicsView(page) {
  const courses = coursesPart(page);
  const events = html("ol", { class: "cw-events" });
  const el = html("div", { class: "cw-dynamics" }, courses.el,
    html("aside", { class: "cw-aside", "aria-label": "events" }, html("h2", {}, "Events"), events));
  const differs = changes();
  const update = () => {
    courses.update();
    const { told } = page.docs;
    if (differs(told, page.round)) refill(events, lastEvents(page, told?.events ?? []));
  };
  return { el, update, table: () => measuresTable(page) };
}

function lastEvents(page, events) {
  const quiet = (words) => html("li", { class: "cw-quiet" }, words);
  const shown = events.slice(-LISTED).map(({ round, text }) => html("li", {}, press(
    [html("span", { class: "cw-event-round" }, String(round)), text], () => page.look(round),
    `cw-event-line${round === page.round ? " cw-strong" : ""}`)));
  if (!events.length) return quiet("Nothing stands out yet.");
  return [shown, events.length > LISTED ? quiet(`${events.length - LISTED} more before`) : null];
}

/** Every measure of every round. */
function measuresTable(page) {
  const { store } = page;
  const lines = store.setup.panels.flatMap(({ title, lines: those }) => those.map(({ name, measure }) => [`${title}: ${name}`, measure]));
  const rows = Array.from({ length: store.length }, (_, i) =>
    [i + 1, ...lines.map(([, measure]) => Number(store.courses[measure][i].toPrecision(7)))]);
  return { title: "Measures by round", headers: ["round", ...lines.map(([name]) => name)], rows };
}
