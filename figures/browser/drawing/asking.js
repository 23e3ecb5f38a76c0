// What views that look closely at principals share: asking the server, choosing one, and the sign of what is not seen.

import { svg } from "./dom.js";

const ASKED = 250; // milliseconds between two wishes, at least

/**
 * A function that asks the server for a document whenever what it depends on has changed, at most four times a second.
 * @param order its name
 * @param wanted answers what the order says
 */
export function asker(page, order, wanted) {
  let asked = "";
  let sent = 0;
  let due = null;
  const ask = () => {
    due = null;
    const wish = { do: order, ...wanted() };
    if (wish.principal === null && order === "card") return; // let go before it was asked for
    const text = JSON.stringify([page.store.setup.run, wish]);
    if (text === asked && page.lookedAt === order) return;
    [asked, sent, page.lookedAt] = [text, performance.now(), order];
    page.send(wish);
  };
  return () => {
    due ??= setTimeout(ask, Math.max(0, sent + ASKED - performance.now()));
  };
}

/** Choose the principal on whose mark a click falls; by its place, for what is under the pointer may just be redrawn. */
export function chooseIn(page, el) {
  el.addEventListener("click", (event) => {
    const hit = event.target.closest("[data-principal]")
      ?? document.elementFromPoint(event.clientX, event.clientY)?.closest("[data-principal]");
    if (hit && el.contains(hit)) page.set({ principal: Number(hit.dataset.principal) });
  });
}

/** The sign of what only the simulation knows. */
export function eye() {
  return svg("svg", { class: "cw-eye-sign", width: 14, height: 10, viewBox: "-7 -5 14 10", role: "img",
                      "aria-label": "only the simulation knows this" },
    svg("path", { d: "M-6.5 0Q0 -7 6.5 0Q0 7 -6.5 0z" }), svg("circle", { r: 1.8 }));
}
