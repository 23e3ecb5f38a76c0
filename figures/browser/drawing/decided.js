// What decided the run: the visitor's changes, or the luck of its episodes, with what each added; and the run's events.

import { changes, choice, html, press, refill, write } from "./dom.js";
import { later } from "./later.js";

const LISTED = 9; // events
const [PALE, DEEP] = [0.1, 0.45]; // of the shade of an episode, by how much it added

later.decided = (page) => {
  const decided = decidedBlock(page);
  const events = html("ol", { class: "cw-events" });
  const el = html("aside", { class: "cw-aside", "aria-label": "what decided the run, and events" }, decided.el,
    html("h2", {}, "Events"), events);
  const differs = changes();
  const update = () => {
    decided.update();
    const { told } = page.docs;
    if (differs(told, page.round)) refill(events, lastEvents(page, told?.events ?? []));
  };
  return { el, update, table: () => measuresTable(page) };
};

function decidedBlock(page) {
  const intro = html("p", { class: "cw-quiet" });
  const buttons = html("div", { class: "cw-ways" });
  const bar = html("progress", { max: 1, "aria-label": "how far it is" });
  const far = html("span", { class: "cw-quiet" });
  const busy = html("div", { class: "cw-ways", hidden: true }, bar, far, press("Stop", () => page.send({ do: "decided stop" })));
  const outcome = choice("outcome that is explained", (id) => show(id), "cw-outcome");
  const answer = html("div", { class: "cw-decided-answer" });
  const said = html("p", { class: "cw-decided-said", "aria-live": "polite" });
  const stale = html("p", { class: "cw-quiet" });
  const el = html("section", { class: "cw-decided", "aria-label": "what decided this run" },
    html("h2", {}, "What decided this run?"), intro, buttons, busy, outcome, said, stale, answer);
  let chosen = null; // outcome
  const [differs, waysDiffer, answerDiffers] = [changes(), changes(), changes()];
  const show = (id) => {
    chosen = id;
    page.redraw();
  };
  const update = () => {
    const document = page.docs.decided;
    el.hidden = !document; // a run in one file has no server to ask
    if (!document || !differs(document, chosen)) return;
    const { answers, outcomes } = document;
    const found = answers[chosen] ?? answers[outcomes[0]?.id];
    write(intro, document.intro);
    busy.hidden = !document.busy;
    bar.value = document.done;
    write(far, document.busy);
    if (waysDiffer(JSON.stringify(document.ways), document.played)) refill(buttons, document.ways.map(({ way, text, chosen: now }) =>
      press(text, () => page.send({ do: "decided", way }), "cw-button", { "aria-pressed": String(now), disabled: !document.played })));
    outcome.hidden = !found;
    if (found) outcome.offer(outcomes.map(({ id, name }) => [id, name]), answers[chosen] ? chosen : outcomes[0].id);
    write(said, document.error || (found?.sentence ?? ""));
    write(stale, document.stale);
    if (!answerDiffers(JSON.stringify(found))) return; // the focus stays where it is
    refill(answer, found ? [rowsOfReasons(page, found.rows), html("p", { class: "cw-note" }, found.note)] : null);
    shade(page, found?.rows ?? []);
  };
  return { el, update };
}

/** A line of words and a bar from nothing to either side for each reason, with the ends of its interval. */
function rowsOfReasons(page, rows) {
  const reach = Math.max(...rows.flatMap(({ value, low, high }) => [value, low ?? 0, high ?? 0].map(Math.abs)), 1e-12);
  const at = (value) => 50 + (48 * value) / reach;
  const between = (from, to) => `left:${Math.min(at(from), at(to))}%;width:${Math.abs(at(from) - at(to))}%`;
  return html("ul", { class: "cw-reasons" }, rows.map((row) => html("li", { class: row.sure ? "" : "cw-unsure" },
    html("div", { class: "cw-reason-head" }, nameOfReason(page, row), html("span", { class: "cw-reason-said" }, row.said)),
    html("div", { class: "cw-reason-bar", "aria-hidden": "true" },
      html("i", { class: `cw-reason-fill ${row.value < 0 ? "cw-less" : "cw-more"}`, style: between(0, row.value) }),
      row.low === null ? null : html("i", { class: "cw-reason-ends", style: between(row.low, row.high) })))));
}

/** What a reason is called; of an episode a button that looks at its rounds in all views, and lets them go again. */
function nameOfReason(page, { letter, text, from, to }) {
  if (!letter) return html("span", {}, text);
  const turn = () => page.set({ stretch: page.state.stretch?.from === from && page.state.stretch.to === to ? null : { from, to } });
  return press([html("b", { class: "cw-reason-letter" }, letter), text], turn, "cw-reason-name", { title: "look at these rounds" });
}

/** Shade the episodes in the courses: sign by colour and beside the letter, size by depth, hatched where it is not sure. */
function shade(page, rows) {
  const most = Math.max(...rows.map(({ value }) => Math.abs(value)), 1e-12);
  const episodes = rows.filter(({ letter }) => letter).map(({ letter, from, to, value, sure }) => ({
    from, to, letter: `${letter}${sure ? (value < 0 ? " −" : " +") : ""}`, hatched: !sure,
    look: value < 0 ? "cw-less" : "cw-more", depth: value && PALE + ((DEEP - PALE) * Math.abs(value)) / most }));
  page.docs.episodes = { episodes };
  page.redraw();
}

function lastEvents(page, events) {
  const still = (words) => html("li", { class: "cw-quiet" }, words);
  const shown = events.slice(-LISTED).map(({ round, text }) => html("li", {}, press(
    [html("span", { class: "cw-event-round" }, String(round)), text], () => page.look(round),
    `cw-event-line${round === page.round ? " cw-strong" : ""}`)));
  if (!events.length) return still("Nothing stands out yet.");
  return [shown, events.length > LISTED ? still(`${events.length - LISTED} more before`) : null];
}

/** Every measure of every round. */
function measuresTable(page) {
  const { store } = page;
  const lines = store.setup.panels.flatMap(({ title, lines: those }) => those.map(({ name, measure }) => [`${title}: ${name}`, measure]));
  const rows = Array.from({ length: store.length }, (_, i) =>
    [i + 1, ...lines.map(([, measure]) => Number(store.courses[measure][i].toPrecision(7)))]);
  return { title: "Measures by round", headers: ["round", ...lines.map(([name]) => name)], rows };
}
