// Values along a line, and lines through values, of pictures that are sent later.

/** A function from values of a span to pixels. */
export function along(low, high, from, to) {
  return (value) => from + ((to - from) * (value - low)) / (high - low);
}

/** A path through what is known of some values, the place of each by `x` and its height by `y`. */
export function lineThrough(values, x, y) {
  let pen = "M";
  return values.map((value, i) => {
    const point = Number.isFinite(value) ? `${pen}${x(i).toFixed(1)} ${y(value).toFixed(1)}` : "";
    pen = point ? "L" : "M";
    return point;
  }).join("");
}
