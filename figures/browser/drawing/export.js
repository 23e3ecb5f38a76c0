// A part of the page as one SVG: texts where they stand, drawings as they are, canvases as pictures within.

const KEPT = ["fill", "stroke", "stroke-width", "stroke-dasharray", "stroke-linejoin", "opacity", "font-size", "font-weight",
              "font-family", "text-anchor"];

/** The element as an SVG document, with its size in pixels. */
export function pictureOf(root) {
  const box = root.getBoundingClientRect();
  const at = (rect) => ({ x: rect.left - box.left, y: rect.top - box.top, width: rect.width, height: rect.height });
  const paper = getComputedStyle(root.closest(".cw")).backgroundColor;
  const parts = [`<rect width="100%" height="100%" fill="${paper}"/>`, ...drawn(root, at)];
  const text = `<svg xmlns="http://www.w3.org/2000/svg" width="${round1(box.width)}" height="${round1(box.height)}">${parts.join("")}</svg>`;
  return { text, width: box.width, height: box.height };
}

/** Everything beneath an element that can be seen, as SVG, in order. */
function drawn(element, at) {
  const style = getComputedStyle(element);
  if (!element.checkVisibility() || style.visibility === "hidden") return [];
  if (element.tagName === "svg") return [drawing(element, at)];
  if (element.tagName === "CANVAS") return [canvas(element, at)];
  const parts = box(element, style, at);
  for (const child of element.childNodes) {
    if (child.nodeType === Node.TEXT_NODE) parts.push(...words(child, style, at));
    else if (child.nodeType === Node.ELEMENT_NODE) parts.push(...drawn(child, at));
  }
  return parts;
}

/** Ground and border of an element, where it has any. */
function box(element, style, at) {
  const clear = style.backgroundColor === "rgba(0, 0, 0, 0)";
  const edged = parseFloat(style.borderTopWidth) > 0 && style.borderTopStyle !== "none";
  const place = at(element.getBoundingClientRect());
  if ((clear && !edged) || !place.width || element.classList.contains("cw-view")) return [];
  return [`<rect ${attributesOf(place)} rx="${parseFloat(style.borderRadius) || 0}" ` +
    `fill="${clear ? "none" : style.backgroundColor}" stroke="${edged ? style.borderTopColor : "none"}"/>`];
}

/** A text, a line of the picture for each line on the page. */
function words(node, style, at) {
  if (!node.data.trim()) return [];
  const lines = [];
  const range = document.createRange();
  for (let i = 0; i < node.data.length; i++) {
    range.setStart(node, i);
    range.setEnd(node, i + 1);
    const rect = range.getClientRects()[0];
    if (!rect) continue;
    const last = lines[lines.length - 1];
    if (last && Math.abs(last.rect.top - rect.top) < 3) last.text += node.data[i];
    else lines.push({ rect, text: node.data[i] });
  }
  return lines.map(({ rect, text }) => {
    const { x, y, height } = at(rect);
    return `<text x="${round1(x)}" y="${round1(y + 0.78 * height)}" fill="${style.color}" font-size="${style.fontSize}" ` +
      `font-weight="${style.fontWeight}" font-family="${escaped(style.fontFamily)}" xml:space="preserve">${escaped(text)}</text>`;
  });
}

/** A drawing with its styles written into it, where it stands. */
function drawing(element, at) {
  const copy = element.cloneNode(true);
  const [from, to] = [element.querySelectorAll("*"), copy.querySelectorAll("*")];
  from.forEach((each, i) => {
    const style = getComputedStyle(each);
    for (const name of KEPT) if (style.getPropertyValue(name)) to[i].setAttribute(name, style.getPropertyValue(name));
    to[i].removeAttribute("class");
  });
  copy.removeAttribute("class");
  for (const [name, value] of Object.entries(at(element.getBoundingClientRect()))) copy.setAttribute(name, round1(value));
  copy.setAttribute("overflow", "visible");
  return new XMLSerializer().serializeToString(copy);
}

function canvas(element, at) {
  const place = attributesOf(at(element.getBoundingClientRect()));
  return element.drawWith ? `<svg ${place}>${shapesOf(element)}</svg>` : `<image ${place} href="${element.toDataURL()}"/>`;
}

/** What is drawn on a canvas, as shapes. */
function shapesOf({ style, drawWith }) {
  const pen = svgPen();
  drawWith(pen);
  return `<svg viewBox="0 0 ${parseFloat(style.width)} ${parseFloat(style.height)}" width="100%" height="100%">${pen.parts.join("")}</svg>`;
}

function attributesOf(place) {
  return Object.entries(place).map(([name, value]) => `${name}="${round1(value)}"`).join(" ");
}

function round1(value) {
  return Math.round(10 * value) / 10;
}

function escaped(text) {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}

/** A pen that knows of a canvas's what marks need, and writes SVG: they are saved as drawn. Arcs are whole circles. */
function svgPen() {
  const parts = [];
  const at = (...numbers) => numbers.map((number) => Number(number.toFixed(2))).join(" ");
  let path = "";
  const pen = {
    parts,
    beginPath: () => (path = ""),
    moveTo: (x, y) => (path += `M${at(x, y)}`),
    lineTo: (x, y) => (path += `L${at(x, y)}`),
    closePath: () => (path += "Z"),
    arc: (x, y, r) => (path += `M${at(x - r, y)}a${at(r, r)} 0 1 0 ${at(2 * r, 0)}a${at(r, r)} 0 1 0 ${at(-2 * r, 0)}Z`),
    rect: (x, y, w, h) => (path += `M${at(x, y)}h${at(w)}v${at(h)}h${at(-w)}Z`),
    fill: () => parts.push(`<path d="${path}" fill="${pen.fillStyle}"/>`),
    stroke: () => parts.push(`<path d="${path}" fill="none" stroke="${pen.strokeStyle}" stroke-width="${pen.lineWidth}"/>`),
    fillText: (text, x, y) => parts.push(`<text x="${at(x)}" y="${at(y)}" fill="${pen.fillStyle}" style="font:${pen.font}">` +
      `${escaped(text)}</text>`),
  };
  return pen;
}
