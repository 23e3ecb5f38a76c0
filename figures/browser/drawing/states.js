// States of the page: what takes long, what went wrong, scrubbed back, stored, first visit, connection lost.

import { html, write } from "./dom.js";
import { figure } from "./numbers.js";

const SOON = 300; // ms before what takes long is worth a line
const BEAT = 2000; // ms between questions whether the server is there
const LOST = 6000; // ms without an answer
const VISITED = "commonweal visited";
const FIRST_ROUNDS = 60;

/** A line over the picture that says how far something is, with a way to stop it; not for what is done at once. */
export function busyLine(page) {
  const text = html("span");
  const stop = html("button", { type: "button", class: "cw-button", onclick: () => page.send({ do: "stop" }) }, "Stop");
  const el = html("div", { class: "cw-busy", role: "status", hidden: true }, text, stop);
  let due = null;
  const update = () => {
    const busy = page.docs.state?.busy;
    if (busy) write(text, `${busy} …`);
    if (!busy) {
      clearTimeout(due);
      due = null;
      el.hidden = true;
    } else if (due === null) due = setTimeout(() => (el.hidden = false), SOON);
  };
  return { el, update };
}

/** Why something could not be done; a click leads to the field it is about. */
export function errorLine(page) {
  const text = html("span");
  const show = html("button", { type: "button", class: "cw-link", onclick: () => page.pinField(page.docs.state.error.field) }, "show the field");
  const el = html("div", { class: "cw-error", role: "alert", hidden: true }, text, show);
  const update = () => {
    const error = page.docs.state?.error;
    el.hidden = !error?.text;
    write(text, error?.text ?? "");
    show.hidden = !page.docs.fields?.groups.some((group) => group.fields.some((field) => field.path === error?.field));
  };
  return { el, update };
}

/** What is looked at: a live or a stored run, and a round before the newest with the ways on from there. */
export function runChips(page) {
  const kind = html("span");
  const name = html("b");
  const chip = html("span", { class: "cw-chip" }, kind, name);
  const back = html("span");
  const newest = html("button", { type: "button", class: "cw-link", onclick: () => page.look(page.store.newest) }, "newest");
  const pill = html("span", { class: "cw-chip cw-back", hidden: true }, back, newest);
  const resume = html("button", { type: "button", class: "cw-button cw-resume", title: "a new run that goes on from this round", hidden: true,
                                  onclick: () => page.send({ do: "resume", round: page.round }) }, "Continue from here");
  const el = html("div", { class: "cw-chips" }, resume, pill, chip);
  const update = () => {
    const { stored } = page.docs.state ?? {};
    const scrubbed = page.round < page.store.newest;
    write(kind, stored ? "stored run · " : "live · ");
    write(name, stored ? stored.name : `round ${figure(page.store.newest)}`);
    chip.title = stored?.agreement ?? "";
    chip.classList.toggle("cw-odd", Boolean(stored?.version || stored?.agreement?.startsWith("Differs")));
    if (stored?.version) write(kind, `stored run · version ${stored.version} · `);
    chip.hidden = scrubbed && !stored;
    pill.hidden = !scrubbed;
    resume.hidden = !(scrubbed || stored);
    write(back, `round ${figure(page.round)} of ${figure(page.store.newest)} · `);
  };
  return { el, update };
}

/** Ask the server now and then whether it is there. Without an answer the picture stays, and a bar says so. */
export function connection(page) {
  const text = html("span");
  const again = html("button", { type: "button", class: "cw-button", hidden: true, onclick: () => location.reload() }, "Load the page again");
  const el = html("div", { class: "cw-lost", role: "status", hidden: true }, text, again);
  let heard = Date.now();
  const beat = setInterval(() => {
    const lost = Date.now() - heard > LOST;
    const gone = document.querySelector(".v-application .v-alert") !== null; // Solara has given up
    page.send(lost ? { do: "here", again: true } : { do: "here" });
    el.hidden = !(lost || gone);
    again.hidden = !gone;
    write(text, gone ? "The server was started anew and knows nothing of this run. The picture and scrubbing still work."
      : "The connection is lost. The picture and scrubbing still work; it goes on when the server is back.");
  }, BEAT);
  page.closed.push(() => clearInterval(beat));
  page.heard = (document) => {
    const back = !el.hidden;
    heard = Date.now();
    el.hidden = true;
    if (!back) return;
    if (document.run !== page.store.setup?.run) page.send({ do: "hello" });
    else page.send({ do: "rows", from: page.store.length + 1 });
  };
  return { el };
}

/** On the first visit the run plays its first rounds while one reads; later the page waits with Play in focus. */
export function firstVisit(page) {
  if (page.met || !page.docs.state) return;
  page.met = true;
  if (page.store.newest > 0 || page.docs.state.stored) return;
  page.root.querySelector(".cw-play")?.focus({ preventScroll: true });
  try {
    if (localStorage.getItem(VISITED)) return;
    localStorage.setItem(VISITED, "yes");
  } catch {
    return; // a browser that keeps nothing is not told that it is the first visit, each time
  }
  page.send({ do: "play", until: FIRST_ROUNDS });
}
