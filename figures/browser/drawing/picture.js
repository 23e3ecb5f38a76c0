// A picture of principals on canvas: sharp at any pixel ratio, zoomed and dragged, with pointer, keys and a read-out.

import { html, pointIn, write, zoomOf } from "./dom.js";
import { clampedTo } from "./numbers.js";

const CLICK = 4; // pixels that a pointer may move in a click

/**
 * A picture that principals can be found in.
 * @param parts what it can do: `at(x, y)` the principal at a place in pixels, or null; `where(i)` its `{x, y, r}`;
 *   `next(i, key, far)` where an arrow key leads; `words(i)` its read-out `{who, does, line}`; `grab(x, y)` a function
 *   that is told where something is dragged to, or null; `most` how many times it zooms; `label`; `vector` whether
 *   what is drawn is saved as shapes, by another pen.
 */
export function principalsPicture(page, parts) {
  const [base, over] = [html("canvas"), html("canvas")];
  const tip = html("div", { class: "cw-tip", hidden: true });
  const said = html("p", { class: "cw-said", role: "status" });
  const field = html("div", { class: "cw-sheet", tabindex: "0", role: "application", "aria-label": parts.label },
    base, over, tip);
  const picture = { el: html("div", { class: "cw-picture" }, field, said), field, wide: 0, high: 0, zoom: 1, left: 0, top: 0 };

  /** Draw what is beneath where it differs from what was drawn, then what is over it, which is little. */
  picture.draw = (wide, high, marks, key, beneath, above) => {
    Object.assign(picture, { wide, high });
    heldOver(picture);
    const whole = [wide, high, screenPixels(field), key, page.root.dataset.theme, picture.zoom, picture.left, picture.top].join();
    if (whole !== picture.drawn || marks !== picture.marks) {
      const began = performance.now();
      for (const element of [field, picture.el]) element.style.height = `${high}px`;
      field.style.width = `${wide}px`;
      beneath(penOf(base, wide, high));
      Object.assign(picture, { drawn: whole, marks, took: performance.now() - began });
    }
    above(penOf(over, wide, high));
    if (parts.vector) base.drawWith = beneath;
    const { hover } = page.state;
    tip.hidden = hover === null;
    if (hover !== null) showTip(tip, parts.words(hover), parts.where(hover), picture);
  };
  picture.zoomBy = (factor, x = picture.wide / 2, y = picture.high / 2) => {
    const zoom = clampedTo(picture.zoom * factor, 1, parts.most);
    const kept = (start, at) => at - ((at - start) * zoom) / picture.zoom;
    Object.assign(picture, { left: kept(picture.left, x), top: kept(picture.top, y), zoom });
    heldOver(picture);
    page.redraw();
  };
  followPointer(page, picture, parts);
  followKeys(page, picture, parts, said);
  return picture;
}

/** The pen on an empty canvas of so many pixels of the page, with as many of the screen as it has. */
export function penOf(canvas, wide, high) {
  const ratio = screenPixels(canvas);
  const [across, down] = [Math.round(wide * ratio), Math.round(high * ratio)];
  if (canvas.width !== across || canvas.height !== down) {
    Object.assign(canvas, { width: across, height: down });
    Object.assign(canvas.style, { width: `${wide}px`, height: `${high}px` });
  }
  const pen = canvas.getContext("2d");
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, across, down);
  return pen;
}

/** Pixels of the screen for one of an element. */
export function screenPixels(element) {
  return devicePixelRatio * zoomOf(element);
}

/** Keep the sheet over the window. */
function heldOver(picture) {
  const within = (value, size) => clampedTo(value, size * (1 - picture.zoom), 0);
  picture.left = within(picture.left, picture.wide);
  picture.top = within(picture.top, picture.high);
}

function followPointer(page, picture, parts) {
  const on = (name, listener, options) => picture.field.addEventListener(name, (event) => {
    const { x, y } = pointIn(picture.field, event);
    listener(event, x, y);
  }, options);
  let drag = null;
  on("pointerdown", (event, x, y) => {
    const { left, top } = picture;
    const pan = (toX, toY) => Object.assign(picture, { left: left + toX - x, top: top + toY - y });
    drag = { x, y, move: parts.grab?.(x, y) ?? pan, far: false };
    picture.field.setPointerCapture(event.pointerId);
  });
  on("pointermove", (event, x, y) => {
    if (drag && Math.hypot(x - drag.x, y - drag.y) > CLICK) drag.far = true;
    if (!drag?.far) return page.set({ hover: parts.at(x, y) });
    drag.move(x, y);
    heldOver(picture);
    page.redraw();
  });
  on("pointerup", (event, x, y) => {
    if (drag && !drag.far) choosePrincipal(page, parts.at(x, y));
    drag = null;
  });
  on("pointercancel", () => (drag = null));
  for (const name of ["pointerleave", "blur"]) on(name, () => page.set({ hover: null }));
  on("wheel", (event, x, y) => {
    event.preventDefault();
    picture.zoomBy(Math.exp(-0.0015 * event.deltaY), x, y);
  }, { passive: false });
  on("dblclick", () => picture.zoomBy(0));
}

function choosePrincipal(page, principal) {
  if (principal !== null) page.set({ principal });
}

function followKeys(page, picture, parts, said) {
  picture.field.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const now = page.state.hover ?? page.state.principal;
    if (event.key.startsWith("Arrow")) {
      const hover = parts.next(now, event.key, event.shiftKey);
      page.set({ hover });
      write(said, Object.values(parts.words(hover)).join(" "));
    } else if (event.key === "Enter") choosePrincipal(page, now);
    else if (event.key === "+" || event.key === "-") picture.zoomBy(event.key === "+" ? 1.5 : 1 / 1.5);
    else return;
    event.preventDefault();
    event.stopPropagation(); // else arrow keys would go to another round
  });
}

function showTip(tip, { who, does, line }, { x, y, r }, picture) {
  if (tip.textContent !== `${who} ${does}${line}`) tip.replaceChildren(html("b", {}, who), ` ${does}`, html("br"), line);
  const [wide, high] = [tip.offsetWidth, tip.offsetHeight];
  const beneath = y + r + 7 + high <= picture.high;
  const left = Math.min(x + r + 7, picture.wide + 90 - wide);
  tip.style.transform = `translate(${Math.round(left)}px, ${Math.round(beneath ? y + r + 7 : y - r - 7 - high)}px)`;
}
