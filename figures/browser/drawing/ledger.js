// The ledger: accounts and transfers, of everybody or of the principal and the stretch that are chosen, and the proof.

import { html, refill, write } from "./dom.js";
import { asker, chooseIn } from "./card.js";

/** The view Ledger. */
export function ledgerView(page) {
  const proof = html("p", { class: "cw-proof", role: "status" });
  const filter = html("span");
  const free = html("button", { type: "button", class: "cw-button", onclick: () => page.set({ principal: null, stretch: null }) },
    "show all");
  const csv = html("button", { type: "button", class: "cw-button", onclick: () => page.send({ do: "transfers" }) },
    "All transfers as CSV");
  const [accounts, sums, transfers] = ["accounts", "sums", "transfers"].map((name) => html("div", { class: `cw-${name}` }));
  const el = html("div", { class: "cw-ledger" }, proof,
    html("div", { class: "cw-row" }, filter, free, html("span", { class: "cw-space" }), csv),
    html("div", { class: "cw-books" }, accounts, transfers, sums));
  const ask = asker(page, "ledger", () => ({ round: page.state.round, principal: page.state.principal,
                                             stretch: page.state.stretch }));
  chooseIn(page, el);
  let drawn = null;
  const update = () => {
    ask();
    const { ledger } = page.docs;
    if (!ledger || ledger === drawn) return;
    drawn = ledger;
    write(proof, `${ledger.proof.holds ? "✓" : "✗"} ${minus(ledger.proof.text)}`);
    proof.classList.toggle("cw-broken", !ledger.proof.holds);
    const whose = ledger.principal === null ? "Everybody" : `Principal ${ledger.principal}`;
    const when = ledger.stretch ? `rounds ${ledger.stretch[0]} to ${ledger.stretch[1]}` : `up to round ${ledger.round}`;
    write(filter, `${whose}, ${when}`);
    free.hidden = ledger.principal === null && !ledger.stretch;
    refill(accounts, bookTable(ledger.accounts));
    refill(sums, bookTable(ledger.sums));
    refill(transfers, bookTable(ledger.transfers));
  };
  return { el, update, table: () => drawn?.transfers ?? { title: "", headers: [], rows: [] } };
}

/** A table whose rows lead to the principals they name. Money stays text: it is exact. */
function bookTable({ title, headers, rows, who, more }) {
  const side = (i) => (/money|transfers|round/.test(headers[i]) ? "cw-right" : "");
  const cell = (text, row) => {
    const own = who?.[row] ?? null;
    return own === null || !text.endsWith(` ${own}`) ? minus(text)
      : html("button", { type: "button", class: "cw-who", "data-principal": own }, text);
  };
  return html("div", {}, html("table", { class: "cw-table" }, html("caption", {}, title),
    html("thead", {}, html("tr", {}, headers.map((name, i) => html("th", { scope: "col", class: side(i) }, name)))),
    html("tbody", {}, rows.map((row, k) => html("tr", {}, row.map((text, i) => html("td", { class: side(i) }, cell(text, k))))))),
    more ? html("p", { class: "cw-note" }, `${more} more`) : null);
}

/** Money as it is, to its last decimal, with a true minus. */
function minus(text) {
  return text.replace(/(^| )-(?=\d)/g, "$1−");
}
