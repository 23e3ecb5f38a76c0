// The society: what each principal does, has and is worth.

import { html, mark, refill } from "./dom.js";
import { principalCard } from "./card.js";

/** The view Society. */
export function societyView(page) {
  const canvas = html("canvas", { class: "cw-society-picture" });
  const legend = html("p", { class: "cw-legend" });
  const card = principalCard(page);
  const el = html("div", { class: "cw-society" }, html("div", { class: "cw-society-left" }, canvas, legend), card.el);
  const update = () => {
    const { setup } = page.store;
    const marks = page.store.marksAt(page.round);
    if (!marks) return;
    const counts = setup.actions.map((action) => marks.actions.reduce((sum, code) => sum + (code === action.code), 0));
    refill(legend, ...setup.actions.map((action, i) => html("span", { class: `cw-key cw-text-${action.ink}` },
      mark(action.ink), ` ${action.name} ${counts[i]}`)));
    card.update();
  };
  return { el, update, table: () => ({ title: "", headers: [], rows: [] }) };
}
