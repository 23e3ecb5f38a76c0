// How a run goes: small multiples that share their rounds, what decided the run, and its events.

import { html, refill } from "./dom.js";
import { coursePanel } from "./axes.js";

/** All panels of a run. */
export function coursesPart(page) {
  const el = html("div", { class: "cw-panels" });
  let panels = [];
  let run = null;
  const update = () => {
    const { setup } = page.store;
    if (setup.run !== run) {
      run = setup.run;
      panels = setup.panels.map((panel) => coursePanel(page, panel));
      refill(el, ...panels.map((panel) => panel.el));
    }
    panels.forEach((panel) => panel.update());
  };
  return { el, update };
}

/** The view Dynamics. */
export function dynamicsView(page) {
  const courses = coursesPart(page);
  const events = html("ol", { class: "cw-events" });
  const decided = html("div", { class: "cw-decided" });
  const el = html("div", { class: "cw-dynamics" }, courses.el,
    html("aside", { class: "cw-aside", "aria-label": "events" }, decided, html("h2", {}, "Events"), events));
  let [told, round] = [null, null];

  const update = () => {
    courses.update();
    if (page.docs.told !== told || page.round !== round) {
      [told, round] = [page.docs.told, page.round];
      refill(events, ...lastEvents(page, told?.events ?? []));
    }
  };
  return { el, update, table: () => measuresTable(page) };
}

function lastEvents(page, events) {
  const shown = events.slice(-9).map((event) =>
    html("li", {}, html("button", { type: "button", class: `cw-event-line${event.round === page.round ? " cw-strong" : ""}`, onclick: () => page.look(event.round) },
      html("span", { class: "cw-event-round" }, String(event.round)), event.text)));
  if (!events.length) return [html("li", { class: "cw-quiet" }, "Nothing stands out yet.")];
  return events.length > 9 ? [...shown, html("li", { class: "cw-quiet" }, `${events.length - 9} more before`)] : shown;
}

/** Every measure of every round. */
export function measuresTable(page) {
  const { store } = page;
  const lines = store.setup.panels.flatMap((panel) => panel.lines.map((line) => [`${panel.title}: ${line.name}`, line.measure]));
  const rows = Array.from({ length: store.length }, (_, i) =>
    [i + 1, ...lines.map(([, measure]) => Number(store.courses[measure][i].toPrecision(7)))]);
  return { title: "Measures by round", headers: ["round", ...lines.map(([name]) => name)], rows };
}
