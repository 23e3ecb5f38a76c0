// Makers of elements.

const SVG = "http://www.w3.org/2000/svg";

/** An HTML element: attributes by name, `on…` for listeners, `class`, then children (elements or text). */
export function html(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

/** The same of SVG. */
export function svg(tag, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), attributes, children);
}

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

/** A button with its words, and what a press does. */
export function press(words, onclick, look = "cw-button", attributes = {}) {
  return html("button", { type: "button", class: look, onclick, ...attributes }, words);
}

/** Put other children into an element. */
export function refill(element, ...children) {
  element.replaceChildren(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

const sizes = new WeakMap();
export const RESIZED = "cw-resized"; // said by an element whose size is read

/**
 * Width and height of an element in its own pixels, which the page's zoom may enlarge. It is read once, and again when
 * it changes, since the browser lays out all that was drawn before when it is asked.
 */
export function sizeOf(element) {
  if (!sizes.has(element)) {
    noteSize(element);
    resizing.observe(element);
  }
  return sizes.get(element);
}

const noteSize = (element) => sizes.set(element, { width: element.clientWidth, height: element.clientHeight });

const resizing = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    const { width, height } = sizes.get(target);
    noteSize(target);
    if (target.clientWidth !== width || target.clientHeight !== height)
      target.dispatchEvent(new Event(RESIZED, { bubbles: true }));
  }
});

/** Where a pointer is in an element, in the element's own pixels. */
export function pointIn(element, event) {
  const box = element.getBoundingClientRect();
  const zoom = box.width / (element.clientWidth || box.width || 1);
  return { x: (event.clientX - box.left) / zoom, y: (event.clientY - box.top) / zoom };
}

/** What this browser keeps of a choice, or keep it; nothing where it keeps nothing. */
export function kept(name, value) {
  try {
    if (value !== undefined) localStorage.setItem(`commonweal ${name}`, value);
    return localStorage.getItem(`commonweal ${name}`);
  } catch {
    return null;
  }
}

/** Write text where it differs: writing always would lay out the page again. */
export function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** The mark of an action, as a small SVG: its shape and colour. */
export function mark(ink, size = 12) {
  return svg("svg", { class: "cw-mark", width: size, height: size, viewBox: "-6 -6 12 12", "aria-hidden": "true" },
    svg("path", { d: MARK_PATHS[ink] || MARK_PATHS.delegate, class: `cw-fill-${ink}` }));
}

/** Shapes of the actions in a square from −6 to 6. */
export const MARK_PATHS = {
  delegate: "M-5.5 0a5.5 5.5 0 1 0 11 0a5.5 5.5 0 1 0 -11 0",
  "free-ride": "M-5 -5h10v10h-10z",
  defect: "M0 -5.5L6 5H-6z",
  abstain: "M0 -6L6 0L0 6L-6 0z",
};

/** A table. */
export function tableOf({ title, headers, rows }) {
  const side = (text) => (/^[-+−–\d]/.test(String(text)) ? "cw-right" : "");
  return html("table", { class: "cw-table" },
    title ? html("caption", {}, title) : null,
    html("thead", {}, html("tr", {}, headers.map((name) => html("th", { scope: "col" }, name)))),
    html("tbody", {}, rows.map((row) => html("tr", {}, row.map((cell) => html("td", { class: side(cell) }, String(cell)))))));
}
