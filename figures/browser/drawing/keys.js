// Keys: one table, which the page acts by and the dialog of all keys shows.

import { html, refill } from "./dom.js";

const KEYS = [
  [" ", "play or pause", (page) => page.playOrPause(), "space"],
  ["ArrowLeft", "a round back", (page) => page.look(page.round - 1), "←"],
  ["ArrowRight", "a round on", (page) => page.look(page.round + 1), "→"],
  ["Shift ArrowLeft", "ten rounds back", (page) => page.look(page.round - 10), "shift ←"],
  ["Shift ArrowRight", "ten rounds on", (page) => page.look(page.round + 10), "shift →"],
  ["Home", "the first round", (page) => page.look(0)],
  ["End", "the newest round", (page) => page.look(page.store.newest)],
  ["e", "next event", (page) => toEvent(page, 1)],
  ["Shift e", "event before", (page) => toEvent(page, -1)],
  ["1", "a view", (page) => toView(page, 0), "1 – 6"],
  ...[2, 3, 4, 5, 6].map((place) => [String(place), "", (page) => toView(page, place - 1)]),
  ["j", "next principal", (page) => toPrincipal(page, 1)],
  ["k", "previous principal", (page) => toPrincipal(page, -1)],
  ["/", "find a field", (page) => page.findField()],
  ["[", "hide or show the fields", (page) => page.hideFields()],
  ["g", "guess first", (page) => page.guess?.()],
  ["d", "dark or light", (page) => page.turnDark?.()],
  ["t", "talk: larger, without fields", (page) => page.turnTalk?.()],
  ["s", "share", (page) => page.showShare?.()],
  ["?", "all keys", (page) => page.showKeys()],
  ["Escape", "let go", (page) => page.set({ principal: null, hover: null, stretch: null }), "esc"],
];

/** Listen to keys while the page is there; none acts while somebody types or another control has use for it. */
export function bindKeys(page) {
  const byName = new Map(KEYS.map(([name, , act]) => [name, act]));
  const dialog = keysDialog();
  page.root.append(dialog);
  page.showKeys = () => (dialog.open ? dialog.close() : dialog.showModal());
  const pressed = (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || dialog.open) return;
    if (!page.store.setup || takes(event.target, event.key)) return;
    const letter = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const act = byName.get(event.shiftKey ? `Shift ${letter}` : letter) ?? (event.shiftKey && /^\W$/.test(letter) && byName.get(letter));
    if (!act) return;
    event.preventDefault();
    act(page);
  };
  document.addEventListener("keydown", pressed);
  page.closed.push(() => document.removeEventListener("keydown", pressed));
}

/** Whether a control uses a key itself: fields all of them, buttons and links what presses them. */
function takes(target, key) {
  if (target.closest?.("input, select, textarea, dialog, [contenteditable], [role=listbox]")) return true;
  return (key === " " || key === "Enter") && Boolean(target.closest?.("button, a, summary"));
}

function toEvent(page, way) {
  const rounds = (page.docs.told?.events ?? []).map((event) => event.round);
  const ahead = rounds.filter((round) => (round - page.round) * way > 0).sort((a, b) => (a - b) * way);
  if (ahead.length) page.look(ahead[0]);
}

function toView(page, place) {
  const view = page.store.setup.views[place];
  if (view) page.set({ view: view.id });
}

function toPrincipal(page, way) {
  const { principals } = page.store.setup;
  const { principal } = page.state;
  page.set({ principal: principal === null ? (way > 0 ? 0 : principals - 1) : (principal + way + principals) % principals });
}

/** All keys, from the table. */
function keysDialog() {
  const dialog = html("dialog", { class: "cw-dialog", "aria-label": "all keys" });
  const shown = KEYS.filter(([, says]) => says);
  refill(dialog, html("h2", {}, "Keys"), html("dl", { class: "cw-keys" }, shown.flatMap(([name, says, , text]) =>
    [html("dt", {}, (text ?? name).split(" ").map((part) => (part === "–" ? " – " : html("kbd", {}, part.length === 1 ? part.toUpperCase() : part)))),
     html("dd", {}, says)])),
    html("form", { method: "dialog" }, html("button", { class: "cw-button" }, "Close")));
  return dialog;
}
