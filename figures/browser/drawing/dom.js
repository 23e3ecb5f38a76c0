// Makers of elements, and what is asked of elements that are there.

const SVG = "http://www.w3.org/2000/svg";

/** An HTML element: attributes by name, `on…` for listeners, `class`, then children (elements or text). */
export function html(tag, attributes = {}, ...children) {
  return put(document.createElement(tag), attributes, ...children);
}

/** The same of SVG. */
export function svg(tag, attributes = {}, ...children) {
  return put(document.createElementNS(SVG, tag), attributes, ...children);
}

/** Give attributes and more children to an element. */
export function put(element, attributes, ...children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...present(children));
  return element;
}

const present = (children) => children.flat(Infinity).filter((child) => child !== null && child !== undefined);

export function refill(element, ...children) {
  element.replaceChildren(...present(children));
  return element;
}

/** A button with its words, and what a press does. */
export function press(words, onclick, look = "cw-button", attributes = {}) {
  return html("button", { type: "button", class: look, onclick, ...attributes }, words);
}

/** A button that shows a sign, a path in a square of 16 pixels or a text, and is named by its title. */
export function signButton(sign, title, onclick, look = "", attributes = {}) {
  const shown = typeof sign === "string" ? small(16, svg("path", { d: sign }), "", "0 0 16 16") : sign;
  return press(shown, onclick, `cw-icon ${look}`, { "aria-label": title, title, ...attributes });
}

/** A list to choose from; `offer` puts other options, pairs of value and name, and chooses one. */
export function choice(label, onchoice, look = "", attributes = {}) {
  const list = html("select", { class: look, "aria-label": label, onchange: () => onchoice(list.value), ...attributes });
  const differs = changes();
  list.offer = (options, chosen) => {
    if (differs(JSON.stringify(options))) refill(list, options.map(([value, name]) => html("option", { value }, name)));
    list.value = chosen;
    return list;
  };
  return list;
}

export function label(x, y, text, look = "cw-tick", anchor = "start") {
  return svg("text", { x, y, class: look, "text-anchor": anchor }, text);
}

export function line(x1, y1, x2, y2, look) {
  return svg("line", { x1, y1, x2, y2, class: look });
}

/** A function that tells whether anything that it is given differs from what it was given before. */
export function changes() {
  let before = [];
  return (...now) => {
    const differ = now.length !== before.length || now.some((each, k) => each !== before[k]);
    before = now;
    return differ;
  };
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

/** Pixels of the window for one of an element's own: pages are zoomed as well. */
export function zoomOf(element) {
  return element.currentCSSZoom || element.getBoundingClientRect().width / element.clientWidth || 1;
}

/** Where a pointer is in an element, in the element's own pixels. */
export function pointIn(element, event) {
  const { left, top } = element.getBoundingClientRect();
  const zoom = zoomOf(element);
  return { x: (event.clientX - left) / zoom, y: (event.clientY - top) / zoom };
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

/** Steps to the right and down that arrow keys mean. */
export const ARROWS = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] };

/** Shapes of the actions in a square from −6 to 6. */
const MARK_PATHS = {
  delegate: "M-5.5 0a5.5 5.5 0 1 0 11 0a5.5 5.5 0 1 0 -11 0",
  "free-ride": "M-5 -5h10v10h-10z",
  defect: "M0 -5.5L6 5H-6z",
  abstain: "M0 -6L6 0L0 6L-6 0z",
};

export function mark(ink, size = 12) {
  return small(size, svg("path", { d: MARK_PATHS[ink] || MARK_PATHS.delegate, class: `cw-fill-${ink}` }), "cw-mark");
}

/** A picture in a line of text, of what is drawn in a square from −6 to 6, or in another. */
export function small(size, shape, look = "", viewBox = "-6 -6 12 12") {
  return svg("svg", { class: look, width: size, height: size, viewBox, "aria-hidden": "true" }, shape);
}
