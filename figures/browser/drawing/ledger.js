// The view ledger.

import { html } from "./dom.js";

/** The view. */
export function ledgerView(page) {
  const el = html("div", { class: "cw-ledger" });
  return { el, update() {}, table: () => ({ title: "", headers: [], rows: [] }) };
}
