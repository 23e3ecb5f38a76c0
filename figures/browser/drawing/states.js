// States of the page: what takes long, what went wrong, scrubbed back, stored, first visit, connection lost.

import { html, kept, press, write } from "./dom.js";
import { figure } from "./numbers.js";

const SOON = 300; // ms before what takes long is worth a line
const BEAT = 2000; // ms between questions whether the server is there
const LOST = 6000; // ms without an answer
const FIRST_ROUNDS = 60;

/** A line over the picture that says how far something is, with a way to stop it; not for what is done at once. */
export function busyLine(page) {
  const text = html("span");
  const el = html("div", { class: "cw-notice", role: "status", hidden: true }, text, press("Stop", () => page.send({ do: "stop" })));
  let due = null;
  const update = () => {
    const busy = page.docs.state?.busy;
    if (busy) {
      write(text, `${busy} …`);
      due ??= setTimeout(() => (el.hidden = false), SOON);
      return;
    }
    clearTimeout(due);
    due = null;
    el.hidden = true;
  };
  return { el, update };
}

/** Why something could not be done, and the way to the field it is about. */
export function errorLine(page) {
  const text = html("span");
  const show = press("show the field", () => page.pinField(page.docs.state.error.field), "cw-link");
  const el = html("div", { class: "cw-notice cw-error", role: "alert", hidden: true }, text, show);
  const update = () => {
    const error = page.docs.state?.error;
    el.hidden = !error?.text;
    write(text, error?.text ?? "");
    show.hidden = !page.docs.fields?.groups.some(({ fields }) => fields.some(({ path }) => path === error?.field));
  };
  return { el, update };
}

/** What is looked at: a live or a stored run, and a round before the newest with the ways on from there. */
export function runChips(page) {
  const kind = html("span");
  const name = html("b");
  const checked = html("p", { class: "cw-list", popover: true, id: "cw-checked" });
  const chip = press([kind, name], null, "cw-chip", { popovertarget: "cw-checked" });
  const back = html("span");
  const pill = html("span", { class: "cw-chip" }, back, press("newest", () => page.look(page.store.newest), "cw-link"));
  const resume = press("Continue from here", () => page.send({ do: "resume", round: page.round }), "cw-button",
    { title: "a new run that goes on from this round" });
  const update = () => {
    const { newest } = page.store;
    const stored = page.docs.state?.stored;
    const scrubbed = page.round < newest;
    const other = page.shown?.chip?.(); // of a view that is not of this run
    write(kind, other || (stored ? `stored run · ${stored.version ? `version ${stored.version} · ` : ""}` : "live · "));
    write(name, other ? "" : stored ? stored.name : `round ${figure(newest)}`);
    write(checked, stored?.agreement ?? "");
    chip.disabled = other || !stored;
    chip.classList.toggle("cw-odd", Boolean(!other && (stored?.version || stored?.agreement?.startsWith("Differs"))));
    chip.hidden = !other && scrubbed && !stored;
    pill.hidden = other || !scrubbed;
    resume.hidden = other || !page.docs.fields || !(scrubbed || stored);
    write(back, `round ${figure(page.round)} of ${figure(newest)} · `);
  };
  return { el: html("div", { class: "cw-row" }, resume, pill, chip, checked), update };
}

/** Ask the server now and then whether it is there. Without an answer the picture stays, and a bar says so. */
export function connectionBar(page) {
  const text = html("span");
  const again = press("Load the page again", () => location.reload());
  const el = html("div", { class: "cw-lost", role: "status", hidden: true }, text, again);
  let heard = null; // when it last answered; a page without a server never hears anything
  const beat = setInterval(() => {
    page.send({ do: "here", again: !el.hidden });
    const gone = document.querySelector(".v-application .v-alert") !== null; // Solara has given up
    el.hidden = !gone && !(heard && Date.now() - heard > LOST);
    again.hidden = !gone;
    write(text, `${gone ? "The server began anew and does not know this run." : "The connection is lost; it goes on when it is back."} `
      + "The picture and scrubbing still work.");
  }, BEAT);
  page.closed.push(() => clearInterval(beat));
  page.heard = ({ run }) => {
    heard = Date.now();
    if (el.hidden) return;
    el.hidden = true;
    page.send(run === page.store.setup.run ? { do: "rows", from: page.store.length + 1 } : { do: "hello" });
  };
  return el;
}

/** On the first visit the run plays its first rounds while one reads; later the page waits with Play in focus. */
export function firstVisit(page) {
  if (page.met || !page.docs.state) return;
  page.met = true;
  if (page.store.newest > 0 || page.docs.state.stored || location.hash) return;
  page.root.querySelector(".cw-play").focus({ preventScroll: true });
  if (kept("visited") || !kept("visited", "yes")) return; // where nothing is kept every visit would be the first
  page.send({ do: "play", until: FIRST_ROUNDS });
}
