// Compare: rules played with the same seeds. Courses above, differences seed by seed beneath.

import { bandPath, coursePath, endNames, gridOf, scaleOver } from "./axes.js";
import { compareColumn, ruleMenu, sendRules } from "./choosing.js";
import { changes, html, pointIn, press, put, refill, sizeOf, svg, write } from "./dom.js";
import { later } from "./later.js";
import { brief, clampedTo, rounded } from "./numbers.js";
import { floats } from "./store.js";
import { quiet, tableOf } from "./tables.js";

const GUESSED = 25; // places of a guess, from round `first` to the last
const ENTRY = 21; // pixels for a rule in a row of differences

later.compare = (page) => {
  const view = { guess: null, asTable: false };
  const rules = html("div", { class: "cw-row cw-rules" });
  const note = html("p", { class: "cw-compare-note", role: "status" });
  const panels = html("div", { class: "cw-compare-panels" });
  const beneath = html("div", { class: "cw-differences" });
  const rulesDiffer = changes();
  let drawn = null; // the document that is drawn

  const redraw = () => {
    drawn = null;
    page.redraw();
  };
  view.guessOrShow = () => {
    if (view.guess) page.send({ do: "compare guess", rule: 0, ...view.guess });
    view.guess = view.guess ? null : newGuess(page.docs.compare);
    redraw();
  };
  page.guess = () => page.state.view === "compare" && page.docs.compare?.asked && view.guessOrShow();
  const column = compareColumn(page, () => {
    view.asTable = !view.asTable;
    redraw();
  });
  const update = () => {
    const doc = page.docs.compare;
    if (!doc || doc.stale) {
      page.docs.compare = {};
      page.send({ do: "compare" });
      drawn = null;
      for (const part of [rules, panels, beneath, note]) refill(part);
    }
    if (!doc?.asked) return;
    if (drawn !== doc) {
      drawn = doc;
      if (rulesDiffer(JSON.stringify([doc.rules, doc.fields]), view.guess) || !rules.firstChild) // what somebody chooses from stays
        refill(rules, rulesOf(page, doc, view));
      write(note, view.guess ? "" : doc.note);
      panels.hidden = view.asTable;
      refill(beneath, view.asTable ? tableOf(doc.table) : view.guess ? null : differencesOf(doc));
      column.update(doc, view.asTable);
    }
    if (!view.asTable) drawPanels(page, doc, panels, view);
  };
  const told = () => (view.guess ? page.docs.compare.question : page.docs.compare ?? {});
  return { el: html("div", { class: "cw-compare" }, rules, note, panels, beneath), column: column.el, update, told,
           chip: () => page.docs.compare?.rules && `${page.docs.compare.rules.length} rules · ${page.docs.compare.asked.seeds} seeds`,
           table: () => page.docs.compare?.table };
};

function rulesOf(page, doc, view) {
  const others = (rule) => doc.rules.filter((each) => each !== rule);
  const pills = doc.rules.map((rule, place) => html("span", { class: `cw-rule cw-text-rule-${place}` },
    press([svg("svg", { width: 24, height: 8, "aria-hidden": "true" }, svg("path", { d: "M0 4H24", class: `cw-line cw-ink-rule-${place}` })),
           rule.name], () => sendRules(page, [rule, ...others(rule)]), "", { title: "compare the others with this", "aria-pressed": `${!place}` }),
    doc.rules.length > 1 ? press("×", () => sendRules(page, others(rule)), "", { "aria-label": `without ${rule.name}` }) : null));
  return [pills, doc.rules.length < doc.asked.most_rules ? ruleMenu(page, doc) : null, html("span", { class: "cw-space" }),
          press(view.guess ? "Show the result" : "Guess first", view.guessOrShow)];
}

/** A line of the document: 0 is the mean, 1 and 2 are the ends of the band, single seeds follow. */
function lineOf(doc, panel, rule, line) {
  doc.numbers ??= floats(doc.buffers[0]);
  const [, rules, lines, rounds] = doc.shape;
  const begin = ((panel * rules + rule) * lines + line) * rounds;
  return doc.numbers.subarray(begin, begin + rounds);
}

/** The panels, each where anything it shows has changed. */
function drawPanels(page, doc, el, view) {
  if (el.children.length !== doc.panels.length) refill(el, doc.panels.map(() => comparePanel(page, view)));
  doc.panels.forEach((panel, place) => {
    const section = el.children[place];
    const [title, picture] = section.children;
    write(title, panel.title);
    section.hidden = view.guess && place > 0;
    const box = sizeOf(picture);
    if (section.hidden || box.width < 60) return;
    if (picture.differs(doc, box.width, box.height, page.state.pointed, JSON.stringify(view.guess)))
      drawPanel(doc, place, picture, box, view.guess, page.state.pointed);
  });
}

function comparePanel(page, view) {
  const picture = Object.assign(svg("svg", { class: "cw-panel-picture" }), { differs: changes() });
  const draw = (event) => {
    drawGuess(view.guess, picture.scale, pointIn(picture, event));
    page.redraw();
  };
  const listeners = {
    pointermove(event) {
      if (!view.guess) page.set({ pointed: picture.scale?.roundAt(pointIn(picture, event).x) });
      else if (event.buttons) draw(event);
    },
    pointerdown(event) {
      if (!view.guess) return;
      picture.setPointerCapture(event.pointerId);
      view.guess.at = view.guess.far ? null : 0; // the first stroke begins where the course ends
      draw(event);
    },
    pointerleave: () => page.set({ pointed: null }),
    keydown(event) {
      if (!view.guess) return;
      if (event.key === "Enter") view.guessOrShow();
      else if (!moveGuess(view.guess, picture.scale, event.key)) return;
      event.preventDefault();
      event.stopPropagation();
      page.redraw();
    },
  };
  for (const [name, listener] of Object.entries(listeners)) picture.addEventListener(name, listener);
  return html("section", { class: "cw-panel" }, html("h3", { class: "cw-panel-title" }), picture);
}

function drawPanel(doc, place, picture, box, guessing, pointed) {
  const guess = place ? null : guessing ?? doc.guess;
  const scale = picture.scale = panelScale(doc, place, box, guess);
  const lines = [];
  const draw = (d, look) => lines.push(svg("path", { d, class: look }));
  for (let rule = 0; rule < (guessing ? 1 : doc.rules.length); rule++) {
    const [mean, low, high, ...single] = Array.from({ length: doc.shape[2] }, (_, k) => lineOf(doc, place, rule, k));
    const path = (course) => coursePath(course, guessing ? Math.min(guess.first, doc.rounds) : doc.rounds, scale);
    const ink = `cw-line cw-ink-rule-${rule}`;
    if (doc.look.band && !guessing) draw(bandPath(low, high, scale), `cw-band cw-fill-rule-${rule}`);
    if (!guessing) for (const course of single) draw(path(course), `${ink} cw-single`);
    if (doc.look.mean || guessing) draw(path(mean), ink);
  }
  const names = guessing ? [] : doc.rules.map((_, rule) => curveName(doc, place, rule, pointed));
  if (guess) {
    draw(guessPath(guess, scale), "cw-guess");
    names.push({ text: "your guess", value: guess.values.at(-1), look: "cw-guess-name" });
  }
  if (pointed && !guessing) draw(`M${scale.x(pointed)} ${scale.top}V${scale.bottom}`, "cw-cursor");
  const told = names.map((name) => ({ ...name, told: pointed && !guessing ? brief(name.value) : null }));
  refill(picture, gridOf(scale), lines, endNames(scale, told));
  const at = guess?.at ?? 0;
  const said = guessing ? `${brief(guess.values[at])}, place ${at + 1} of ${GUESSED}` : names.map(({ text, value }) => `${text} ${brief(value)}`).join(", ");
  put(picture, { role: guessing ? "application" : "img", tabindex: guessing ? 0 : -1, "aria-label": `${doc.panels[place].title}: ${said}` });
}

/** The name of a rule and its value in a round, or the last one that is known. */
function curveName(doc, place, rule, round) {
  const means = lineOf(doc, place, rule, 0);
  const value = round ? means[round - 1] : means.findLast(Number.isFinite);
  return { text: doc.rules[rule].short, value: value ?? NaN, look: `cw-text-rule-${rule}` };
}

/** Where rounds and values of a panel lie: all rounds that are asked for, all that is drawn. */
function panelScale(doc, place, box, guess) {
  const wide = Math.max(guess ? 10 : 6, ...doc.rules.map((rule) => rule.short.length));
  const [left, right] = [34, Math.max(100, box.width - Math.min(150, 14 + 6.2 * wide))];
  const [top, bottom] = [8, box.height - 22];
  const last = Math.max(2, doc.rounds, doc.asked.rounds);
  const { share, reach } = doc.panels[place];
  const [low, high] = share ? reach : rounded(...reach);
  return scaleOver({ left, right, top, bottom, low, high, first: 1, last, ticks: 3 }, Math.max(1, doc.rounds));
}

/** A guess that goes on flat from the first fifth of rounds, of which the course is shown. */
function newGuess(doc) {
  const first = Math.max(1, Math.round(doc.asked.rounds / 5));
  return { first, at: null, far: 0, values: Array(GUESSED).fill(lineOf(doc, 0, 0, 0)[first - 1] || 0) };
}

/** Draw to a point of the picture: all between it and the place before follow, and what is not drawn yet goes on flat. */
function drawGuess(guess, scale, { x, y }) {
  const begin = scale.x(guess.first);
  const to = clampedTo(Math.round(((x - begin) / (scale.right - begin)) * (GUESSED - 1)), 1, GUESSED - 1);
  const [from, value] = [guess.at ?? to, scale.valueAt(y)];
  const [old, steps] = [guess.values[from], Math.abs(to - from)];
  guess.values[to] = value;
  for (let k = 1; k < steps; k++) guess.values[from + Math.sign(to - from) * k] = old + ((value - old) * k) / steps;
  if (to > guess.far) guess.values.fill(value, to);
  guess.far = Math.max(guess.far, to);
  guess.at = to;
}

/** The same by keys: left and right choose a place, up and down move it and all after it. */
function moveGuess(guess, { low, high }, key) {
  const up = { ArrowUp: 1, ArrowDown: -1 }[key];
  const on = { ArrowRight: 1, ArrowLeft: -1 }[key];
  guess.at = clampedTo((guess.at ?? 0) + (on ?? 0), 1, GUESSED - 1);
  if (up) guess.values.fill(clampedTo(guess.values[guess.at] + (up * (high - low)) / 50, low, high), guess.at);
  return up || on;
}

function guessPath({ first, values, at }, scale) {
  const spread = (scale.last - first) / (values.length - 1);
  const points = values.map((value, k) => `${scale.x(first + k * spread).toFixed(1)} ${scale.y(value).toFixed(1)}`);
  return `M${points.join("L")}${at ? `M${points[at]}m-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0` : ""}`;
}

/** What the first rule has more than the others: a row a measure, with a zero line through all. */
function differencesOf({ differences: { title, note, zero, rows }, rules }) {
  const line = (row, { rule, text, verdict }, k) => html("tr", { class: k ? "" : "cw-first" },
    k ? [] : [html("th", { scope: "rowgroup", rowspan: row.entries.length }, row.title),
              html("td", { class: "cw-dots", rowspan: row.entries.length }, dotsOf(row, zero))],
    [rules[rule].short, text].map((words) => html("td", { class: `cw-name cw-text-rule-${rule}` }, words)),
    html("td", { class: "cw-quiet" }, /^(more|less)$/.test(verdict) ? "" : verdict));
  const body = rows.flatMap((row) => row.entries.map((entry, k) => line(row, entry, k)));
  return [html("h2", {}, title), quiet(note), html("table", { class: "cw-apart" }, html("tbody", {}, body))];
}

function dotsOf({ entries, scale }, zero) {
  const x = (value) => `${(100 * (zero + value / scale)).toFixed(2)}%`;
  const marks = entries.map(({ rule, value, low, high, dots }, k) => {
    const y = ENTRY * (k + 0.5);
    return [
      dots.filter(Number.isFinite).map((dot) => svg("circle", { cx: x(dot), cy: y, r: 2.8, class: `cw-seed cw-fill-rule-${rule}` })),
      low === null ? [] : svg("line", { x1: x(low), x2: x(high), y1: y, y2: y, class: `cw-interval cw-ink-rule-${rule}` }),
      value === null ? [] : svg("svg", { x: x(value), y, overflow: "visible" }, svg("path", { d: "M0-5L4 0L0 5L-4 0Z", class: `cw-fill-rule-${rule}` })),
    ];
  });
  return svg("svg", { width: "100%", height: ENTRY * entries.length, "aria-hidden": "true" },
    svg("line", { x1: x(0), x2: x(0), y1: 0, y2: "100%", class: "cw-zero" }), marks.flat(2));
}
