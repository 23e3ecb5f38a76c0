// Sharing: a link, the run as a file, pictures and numbers.

import { html } from "./dom.js";

/** The button Share with what it opens. */
export function shareButton(page) {
  const el = html("button", { type: "button", class: "cw-button" }, "Share");
  return { el, update() {} };
}
