// A picture of principals on canvas: sharp at any pixel ratio, zoomed and dragged, with pointer, keys and a read-out.

import { html, write } from "./dom.js";

const CLICK = 4; // pixels that a pointer may move in a click

/**
 * A picture that principals can be found in.
 * @param parts what it can do: `at(x, y)` the principal at a place in pixels, or null; `where(i)` its `{x, y, r}`;
 *   `next(i, key, far)` where an arrow key leads; `words(i)` its read-out `{who, does, line}`; `grab(x, y)` a function
 *   that is told where something is dragged to, or null; `most` how many times it zooms; `label`.
 */
export function principalsPicture(page, parts) {
  const [base, over] = [html("canvas"), html("canvas")];
  const tip = html("div", { class: "cw-tip", hidden: true });
  const said = html("p", { class: "cw-said", role: "status" });
  const field = html("div", { class: "cw-field-of", tabindex: "0", role: "application", "aria-label": parts.label },
    base, over, tip);
  const picture = { el: html("div", { class: "cw-picture" }, field, said), field, wide: 0, high: 0, ratio: 1, zoom: 1,
                    left: 0, top: 0, near: false };

  picture.find = (event) => {
    const box = field.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  picture.choose = (principal) => principal !== null && page.set({ principal });
  /** Give the picture a size in pixels of the page. */
  picture.fit = (wide, high) => {
    const ratio = window.devicePixelRatio || 1;
    if (wide === picture.wide && high === picture.high && ratio === picture.ratio) return;
    Object.assign(picture, { wide, high, ratio, drawn: "" });
    [base, over].forEach((canvas) => fitCanvas(canvas, wide, high, ratio));
    for (const element of [field, picture.el]) element.style.height = `${high}px`;
    field.style.width = `${wide}px`;
    held(picture);
  };
  /** Draw what is beneath where it differs from what was drawn, then what is over it, which is little. */
  picture.draw = (key, beneath, above) => {
    const whole = [key, page.root?.dataset.theme, picture.zoom, picture.left, picture.top].join();
    if (whole !== picture.drawn) {
      const began = performance.now();
      beneath(freshPen(base, picture.ratio));
      Object.assign(picture, { drawn: whole, took: performance.now() - began });
    }
    above(freshPen(over, picture.ratio));
    const i = page.state.hover;
    tip.hidden = !picture.near || i === null;
    if (!tip.hidden) showTip(tip, parts.words(i), parts.where(i), picture);
  };
  picture.zoomBy = (factor, x = picture.wide / 2, y = picture.high / 2) => {
    const zoom = Math.min(parts.most, Math.max(1, picture.zoom * factor));
    const kept = (start, at) => at - ((at - start) * zoom) / picture.zoom;
    Object.assign(picture, { left: kept(picture.left, x), top: kept(picture.top, y), zoom });
    held(picture);
    page.redraw();
  };
  followPointer(page, picture, parts);
  followKeys(page, picture, parts, said);
  return picture;
}

/** A canvas of so many pixels of the page, with as many of the screen as it has. */
export function fitCanvas(canvas, wide, high, ratio) {
  Object.assign(canvas, { width: Math.round(wide * ratio), height: Math.round(high * ratio) });
  Object.assign(canvas.style, { width: `${wide}px`, height: `${high}px` });
}

/** A canvas's pen on an empty sheet, in pixels of the page. */
export function freshPen(canvas, ratio) {
  const pen = canvas.getContext("2d");
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, canvas.width, canvas.height);
  return pen;
}

/** Keep the sheet over the window. */
function held(picture) {
  const within = (value, size) => Math.min(0, Math.max(size * (1 - picture.zoom), value));
  picture.left = within(picture.left, picture.wide);
  picture.top = within(picture.top, picture.high);
}

function followPointer(page, picture, parts) {
  const { field } = picture;
  const away = () => {
    picture.near = false;
    page.set({ hover: null });
  };
  let drag = null;
  field.addEventListener("pointerdown", (event) => {
    const [x, y] = picture.find(event);
    const [left, top] = [picture.left - x, picture.top - y];
    const pan = (right, down) => Object.assign(picture, { left: left + right, top: top + down });
    drag = { x, y, move: parts.grab?.(x, y) ?? pan, far: false };
    field.setPointerCapture(event.pointerId);
  });
  field.addEventListener("pointermove", (event) => {
    const [x, y] = picture.find(event);
    picture.near = true;
    if (drag) drag.far ||= Math.hypot(x - drag.x, y - drag.y) > CLICK;
    if (!drag?.far) return page.set({ hover: parts.at(x, y) });
    drag.move(x, y);
    held(picture);
    page.redraw();
  });
  field.addEventListener("pointerup", (event) => {
    if (drag && !drag.far) picture.choose(parts.at(...picture.find(event)));
    drag = null;
  });
  field.addEventListener("pointercancel", () => (drag = null));
  field.addEventListener("pointerleave", away);
  field.addEventListener("blur", away);
  field.addEventListener("wheel", (event) => {
    event.preventDefault();
    picture.zoomBy(Math.exp(-0.0015 * event.deltaY), ...picture.find(event));
  }, { passive: false });
  field.addEventListener("dblclick", () => picture.zoomBy(0));
}

function followKeys(page, picture, parts, said) {
  picture.field.addEventListener("keydown", (event) => {
    const now = page.state.hover ?? page.state.principal;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key.startsWith("Arrow")) {
      const hover = parts.next(now, event.key, event.shiftKey);
      picture.near = true;
      page.set({ hover });
      const words = parts.words(hover);
      write(said, `${words.who} ${words.does}, ${words.line}`);
    } else if (event.key === "Enter") picture.choose(now);
    else if (event.key === "+" || event.key === "-") picture.zoomBy(event.key === "+" ? 1.5 : 1 / 1.5);
    else return;
    event.preventDefault();
    event.stopPropagation(); // else arrow keys would go to another round
  });
}

function showTip(tip, words, place, picture) {
  const text = `${words.who} ${words.does} ${words.line}`;
  if (tip.textContent !== text) {
    tip.replaceChildren(html("b", {}, words.who), ` ${words.does} `, html("br"), words.line);
    tip.size = [tip.offsetWidth, tip.offsetHeight];
  }
  const off = place.r + 7;
  const x = Math.min(place.x + off, picture.wide + 90 - tip.size[0]);
  const y = place.y + off + tip.size[1] > picture.high ? place.y - off - tip.size[1] : place.y + off;
  tip.style.transform = `translate(${Math.round(x)}px, ${Math.round(y)}px)`;
}

/**
 * A pen that knows of a canvas's what pictures here use, and writes SVG: pictures are saved as they are drawn.
 * Arcs are whole circles.
 */
export function svgPen(wide, high) {
  const parts = [];
  const short = (value) => Number(value.toFixed(2));
  const at = (x, y) => `${short(x)} ${short(y)}`;
  let path = "";
  const pen = {
    fillStyle: "", strokeStyle: "", lineWidth: 1, font: "", textAlign: "left",
    beginPath: () => (path = ""),
    moveTo: (x, y) => (path += `M${at(x, y)}`),
    lineTo: (x, y) => (path += `L${at(x, y)}`),
    closePath: () => (path += "Z"),
    arc: (x, y, r) => (path += `M${at(x - r, y)}a${at(r, r)} 0 1 0 ${at(2 * r, 0)}a${at(r, r)} 0 1 0 ${at(-2 * r, 0)}Z`),
    rect: (x, y, w, h) => (path += `M${at(x, y)}h${short(w)}v${short(h)}h${short(-w)}Z`),
    fill: () => parts.push(`<path d="${path}" fill="${pen.fillStyle}"/>`),
    stroke: () => parts.push(`<path d="${path}" fill="none" stroke="${pen.strokeStyle}" stroke-width="${pen.lineWidth}"/>`),
    fillText: (text, x, y) => parts.push(`<text x="${short(x)}" y="${short(y)}" fill="${pen.fillStyle}" style="font:${pen.font}" ` +
      `text-anchor="${pen.textAlign === "right" ? "end" : "start"}">${String(text).replace(/&/g, "&amp;").replace(/</g, "&lt;")}</text>`),
    /** Everything drawn so far. */
    document: () => `<svg xmlns="http://www.w3.org/2000/svg" width="${wide}" height="${high}" viewBox="0 0 ${wide} ${high}">` +
      `${parts.join("")}</svg>`,
  };
  return pen;
}
