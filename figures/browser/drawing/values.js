// The view values.

import { html } from "./dom.js";

/** The view. */
export function valuesView(page) {
  const el = html("div", { class: "cw-values" });
  return { el, update() {}, table: () => ({ title: "", headers: [], rows: [] }) };
}
