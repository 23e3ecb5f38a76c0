// The view compare.

import { html } from "./dom.js";

/** The view. */
export function compareView(page) {
  const el = html("div", { class: "cw-compare" });
  return { el, update() {}, table: () => ({ title: "", headers: [], rows: [] }) };
}
