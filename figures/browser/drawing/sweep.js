// The view sweep.

import { html } from "./dom.js";

/** The view. */
export function sweepView(page) {
  const el = html("div", { class: "cw-sweep" });
  return { el, update() {}, table: () => ({ title: "", headers: [], rows: [] }) };
}
