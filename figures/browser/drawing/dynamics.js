// How a run goes: small multiples that share their rounds; what is said beside them is sent later.

import { changes, html, refill } from "./dom.js";
import { coursePanel } from "./axes.js";
import { wanted } from "./later.js";

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
  const el = html("div", { class: "cw-dynamics" }, courses.el);
  let beside = null; // what decided the run, and its events
  const update = () => {
    courses.update();
    beside ??= wanted(page, "decided")?.(page);
    if (beside && !beside.el.isConnected) el.append(beside.el);
    beside?.update();
  };
  return { el, update, table: () => beside?.table() ?? { title: "", headers: [], rows: [] } };
}
