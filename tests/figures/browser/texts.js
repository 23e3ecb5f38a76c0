// All texts that can be seen: [text, left, top, right, bottom, contrast with what lies beneath, where it stands].
() => {
  const ASIDE = ".cw-value-scroll, .cw-books > div, .cw-table";  // these scroll to the sides as well
  const parse = (colour) => (colour.match(/[\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => {
    const part = (v) => ((v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
  };
  const ground = (element, text) => {
    const [x, y] = [(text.left + text.right) / 2, (text.top + text.bottom) / 2];
    for (let at = element; at; at = at.parentElement) {
      const room = at.getBoundingClientRect(); // a text may stand beside its parent
      if (x < room.left || x > room.right || y < room.top || y > room.bottom) continue;
      const colour = parse(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] > 0.99) return colour;
    }
    return [255, 255, 255];
  };
  const contrast = (a, b) => (Math.max(light(a), light(b)) + 0.05) / (Math.min(light(a), light(b)) + 0.05);
  const found = [];
  const walker = document.createTreeWalker(document.querySelector('.cw'), NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode, parent = node.parentElement;
    if (!node.data.trim() || ['OPTION', 'TITLE', 'STYLE', 'SCRIPT'].includes(parent.tagName)) continue;
    if (!parent.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue;
    if (parent.closest('.cw-unseen')) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    const style = getComputedStyle(parent), svg = parent instanceof SVGElement;
    for (const box of range.getClientRects()) {
      if (box.width < 1) continue;
      let [seen, cut] = [true, false];  // scrolled out of its box; and cut at a side of one that scrolls up and down only
      for (let at = parent; seen && !at.matches('.cw'); at = at.parentElement) {
        const room = at.getBoundingClientRect();
        if (!/auto|scroll/.test(getComputedStyle(at).overflowY + getComputedStyle(at).overflowX)) continue;
        const across = box.right <= room.right + 1 && box.left >= room.left - 1;
        seen = box.bottom <= room.bottom + 1 && box.top >= room.top - 1 && (across || !at.matches(ASIDE));
        cut ||= !across;
      }
      if (!seen) continue;
      const over = svg && parent.closest('[data-on]') ? null : contrast(parse(svg ? style.fill : style.color), ground(svg ? parent.closest('svg').parentElement : parent, box));
      found.push([node.data.trim(), cut ? -999 : box.left, box.top, box.right, box.bottom,
                  svg && /cw-inside|cw-pill-text|cw-cell/.test(parent.getAttribute('class') || '') ? null : over,
                  parent.tagName + '.' + (parent.getAttribute('class') || '')]);
    }
  }
  for (const input of document.querySelectorAll('.cw input:not([type=range])')) {
    const box = input.getBoundingClientRect();
    if (input.checkVisibility() && input.scrollWidth > input.clientWidth + 1)
      found.push([input.value, -999, box.top, box.right, box.bottom, null, `INPUT ${input.id}`]);
  }
  return found;
}
