// The card of the principal that is looked at.

import { html } from "./dom.js";

/** The card. */
export function principalCard(page) {
  const el = html("aside", { class: "cw-card", "aria-label": "principal" });
  return { el, update() {} };
}
