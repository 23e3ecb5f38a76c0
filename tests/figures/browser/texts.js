// All texts that can be seen: [text, left, top, right, bottom, contrast with what lies beneath, where it stands].
() => {
  const parse = (colour) => (colour.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => {
    const part = (v) => ((v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
  };
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
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
      let seen = true;  // scrolled out of its box
      for (let at = parent; at && seen; at = at.parentElement) {
        const room = at.getBoundingClientRect();
        if (/auto|scroll/.test(getComputedStyle(at).overflowY + getComputedStyle(at).overflowX))
          seen = box.bottom <= room.bottom + 1 && box.top >= room.top - 1 && box.right <= room.right + 1 && box.left >= room.left - 1;
      }
      if (!seen) continue;
      const over = svg && parent.closest('[data-on]') ? null : contrast(parse(svg ? style.fill : style.color), ground(svg ? parent.closest('svg').parentElement : parent));
      found.push([node.data.trim(), box.left, box.top, box.right, box.bottom,
                  svg && /cw-inside|cw-pill-text|cw-cell/.test(parent.getAttribute('class') || '') ? null : over,
                  parent.tagName + '.' + (parent.getAttribute('class') || '')]);
    }
  }
  return found;
}
