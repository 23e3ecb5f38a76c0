// The ledger: accounts and transfers, of everybody or of the principal and the stretch that are chosen, and the proof.

import { asker, chooseIn } from "./asking.js";
import { changes, html, press, refill, write } from "./dom.js";
import { later } from "./later.js";
import { nameOf } from "./society.js";
import { tableOf } from "./tables.js";

later.ledger = (page) => {
  const proof = html("p", { class: "cw-proof", role: "status" });
  const filter = html("span");
  const free = press("show all", () => page.set({ principal: null, stretch: null }));
  const csv = press("All transfers as CSV", () => page.send({ do: "transfers" }));
  const [accounts, sums, transfers] = ["accounts", "sums", "transfers"].map((name) => html("div", { class: `cw-${name}` }));
  const el = html("div", { class: "cw-ledger" }, proof,
    html("div", { class: "cw-row" }, filter, free, html("span", { class: "cw-space" }), csv),
    html("div", { class: "cw-books" }, accounts, transfers, sums));
  const ask = asker(page, "ledger", () => ({ round: page.state.round, principal: page.state.principal,
                                             stretch: page.state.stretch }));
  chooseIn(page, el);
  const differs = changes();
  const update = () => {
    ask();
    const { ledger } = page.docs;
    if (!differs(ledger) || !ledger) return;
    const { principal, stretch } = ledger;
    write(proof, `${ledger.proof.holds ? "✓" : "✗"} ${minus(ledger.proof.text)}`);
    proof.classList.toggle("cw-broken", !ledger.proof.holds);
    const whose = principal === null ? "Everybody" : nameOf(page.store.setup, principal, "Principal ");
    write(filter, `${whose}, ${stretch ? `rounds ${stretch[0]} to ${stretch[1]}` : `up to round ${ledger.round}`}`);
    free.hidden = principal === null && !stretch;
    refill(accounts, bookTable(ledger.accounts));
    refill(sums, bookTable(ledger.sums));
    refill(transfers, bookTable(ledger.transfers));
  };
  return { el, update, table: () => page.docs.ledger?.transfers ?? { title: "", headers: [], rows: [] } };
};

/** A table whose rows lead to the principals they name. Money stays text: it is exact. */
function bookTable({ title, headers, rows, who, more }) {
  const cell = (text, own = null) => own === null || !text.endsWith(` ${own}`) ? minus(text)
    : press(text, null, "cw-who", { "data-principal": own });
  const sides = headers.map((name) => (/money|transfers|round/.test(name) ? "cw-right" : ""));
  return html("div", {}, tableOf({ title, headers, sides, rows: rows.map((row, k) => row.map((text) => cell(text, who?.[k]))) }),
    more ? html("p", { class: "cw-note" }, `${more} more`) : null);
}

/** Money as it is, to its last decimal, with a true minus. */
function minus(text) {
  return text.replace(/(^| )-(?=\d)/g, "$1−");
}
