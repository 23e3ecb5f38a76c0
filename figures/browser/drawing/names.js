// Names in the picture of the society, where they count: whose is bad, and whose request one had.

import { html, small, svg, write } from "./dom.js";
import { later } from "./later.js";
import { figure } from "./numbers.js";
import { actionOf, inked, lineOn } from "./society.js";

const BAD = 64; // added to the action of who has a bad name
const EDGE = 3; // pixels by which what is drawn is set off from what lies under it

later.names = (page) => ({
  drawBad(pen, scene, seen) {
    updateLegend(page, scene.marks);
    drawBars(pen, scene, seen);
  },
  /** Over the picture: requests of who is chosen and who is pointed at, and the bar that its halo has covered. */
  drawRequests(pen, scene, { principal, hover }) {
    for (const i of new Set([principal, hover])) if (i !== null) drawRequest(pen, scene, i);
    if (principal !== null) drawBars(pen, scene, [scene.where(principal)]);
  },
  /** What is said of who is pointed at. */
  said(i) {
    const marks = page.store.marksAt(page.round);
    const other = counterpartOf(marks, i);
    if (other === null) return `${nameOfName(marks, i)} name`;
    const before = page.store.marks.get(page.round - 1);
    const whose = before ? `, whose name was ${nameOfName(before, other)}` : "";
    return `${nameOfName(marks, i)} name · ${gave(page.store.setup, marks, i) ? "gave to" : "refused"} ${other}${whose}`;
  },
  /** The table of the society with names and requests. */
  beside({ title, headers, rows }) {
    const marks = page.store.marksAt(page.round);
    return { title, headers: [...headers, "name", "request of"],
             rows: rows.map((row, i) => [...row, nameOfName(marks, i), counterpartOf(marks, i) ?? ""]) };
  },
});

const nameOfName = (marks, i) => (marks.told[i] & BAD ? "bad" : "good");

/** Whose request somebody had in the round; nobody's where that is its own number. */
const counterpartOf = ({ requests }, i) => (requests && requests[i] !== i ? requests[i] : null);

const gave = (setup, marks, i) => actionOf(setup, marks.actions[i]).ink === "delegate";

/** A bar through who has a bad name. */
function drawBars(pen, { colours, marks, gap, scale }, seen) {
  const bad = seen.filter(({ i }) => marks.told[i] & BAD);
  for (const [strokeStyle, more] of [[colours.paper, EDGE], [colours.ink, 0]])
    inked(pen, { strokeStyle, lineWidth: Math.max(1, 2 * scale) + more, fillStyle: "" }, () => {
      for (const { x, y, r } of bad) {
        const far = 0.75 * (r + gap + 2);
        lineOn(pen, { x: x - far, y: y + far }, { x: x + far, y: y - far });
      }
    });
}

/** An arrow to whose request it had: whole where it gave, dashed where it refused. */
function drawRequest(pen, { setup, colours, marks, gap, scale, where }, i) {
  const other = counterpartOf(marks, i);
  if (other === null) return;
  const [from, to] = [where(i), where(other)];
  const [across, down] = [to.x - from.x, to.y - from.y];
  const far = Math.hypot(across, down);
  const on = (pixels, aside = 0) => ({ x: from.x + (across * pixels - down * aside) / far,
                                       y: from.y + (down * pixels + across * aside) / far });
  const [start, tip, head] = [from.r + gap + 8 * scale, far - to.r - gap - 3, 8 * scale];
  if (tip - start < head) return;
  const back = tip - 1.4 * head;
  pen.setLineDash(gave(setup, marks, i) ? [] : [6 * scale, 4 * scale]);
  for (const [strokeStyle, more] of [[colours.paper, EDGE], [colours.ink, 0]])
    inked(pen, { strokeStyle, fillStyle: "", lineWidth: 1.75 * scale + more }, () => lineOn(pen, on(start), on(back)));
  pen.setLineDash([]);
  inked(pen, { strokeStyle: "", fillStyle: colours.ink }, () => {
    for (const [k, corner] of [on(tip), on(back, 0.6 * head), on(back, -0.6 * head)].entries())
      pen[k ? "lineTo" : "moveTo"](corner.x, corner.y);
  });
}

/** A line in the legend, with how many have a bad name. */
function updateLegend(page, { told }) {
  const legend = page.el.querySelector(".cw-legend");
  const line = legend.querySelector(".cw-named") ?? legend.appendChild(html("span", { class: "cw-named" },
    html("span", { class: "cw-key" }, small(12, svg("path", { d: "M-5 5L5-5", class: "cw-bad-bar" })), "bad name", html("span")),
    html("span", { class: "cw-quiet" }, "· arrow: to whose request it had, dashed if it refused")));
  write(line.querySelector(".cw-key > span"), figure(told.reduce((sum, code) => sum + (code & BAD ? 1 : 0), 0)));
}
