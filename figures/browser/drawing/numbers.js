// Pure functions: how numbers are written, where ticks and labels stand, how courses are thinned. Tested by themselves.

const NARROW = "\u202f"; // no-break space between thousands
const MINUS = "\u2212";

/** A number in three figures: 41 900 not 4.19e+04, true minus, "–" for what is not known. */
export function figure(value) {
  if (!Number.isFinite(value)) return "–";
  if (value === 0) return "0";
  const size = Math.abs(value);
  const decimals = Math.max(0, 2 - Math.floor(Math.log10(size) + 1e-12));
  const digits = size >= 1000 ? Number(size.toPrecision(3)).toFixed(0) : size.toFixed(Math.min(decimals, 6));
  const trimmed = digits.includes(".") ? digits.replace(/\.?0+$/, "") : digits;
  return (value < 0 && Number(trimmed) !== 0 ? MINUS : "") + thousands(trimmed);
}

/** The same with two decimals at most where a line has its value beside it. */
export function brief(value) {
  const size = Math.abs(value);
  return size >= 0.095 && size < 10 ? signed(value, 2) : figure(value);
}

export function percent(value) {
  return Number.isFinite(value) ? `${Math.round(100 * value)}${NARROW}%` : "–";
}

/** A number with so many decimals and a true minus. */
export function signed(value, decimals) {
  const text = Math.abs(value).toFixed(decimals);
  return (value < 0 && Number(text) !== 0 ? MINUS : "") + thousands(text);
}

/** Digits with thousands apart, from five on. */
export function thousands(text) {
  const [whole, part] = text.split(".");
  const spaced = whole.length > 4 ? whole.replace(/\B(?=(\d{3})+$)/g, NARROW) : whole;
  return part ? `${spaced}.${part}` : spaced;
}

/** A value, or the nearer end of a span that it is outside of. */
export function clampedTo(value, low, high) {
  return Math.min(Math.max(value, low), high);
}

/** Round numbers within a span, about so many: steps of 1, 2 or 5. */
export function ticks(low, high, most = 4, whole = false) {
  if (!(high > low)) return [low];
  const rough = (high - low) / most;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((each) => each * power).find((each) => each >= rough * 0.999);
  const wide = whole ? Math.max(1, Math.round(step)) : step;
  const found = [];
  for (let k = Math.ceil(low / wide - 1e-9); k * wide <= high + 1e-9 * wide; k++) found.push(k === 0 ? 0 : k * wide);
  return found.map((tick) => Number(tick.toPrecision(12)));
}

/** The span of an axis: from the lowest to the highest, widened to round numbers. */
export function rounded(low, high) {
  if (!Number.isFinite(low) || !Number.isFinite(high)) return [0, 1];
  if (low === high) return low === 0 ? [0, 1] : [Math.min(low, 0), Math.max(high, 0) || 1];
  const step = ticks(low, high, 3);
  const wide = step.length > 1 ? step[1] - step[0] : high - low;
  return [Math.floor(low / wide + 1e-9) * wide, Math.ceil(high / wide - 1e-9) * wide];
}

/**
 * A course thinned so that peaks survive: pairs of place and value, of each bucket the lowest and highest, in order.
 * From two values a pixel on; shorter ones come back whole.
 */
export function buckets(values, pixels, begin = 0, end = values.length) {
  const count = end - begin;
  const points = [];
  if (count <= 2 * pixels) {
    for (let i = begin; i < end; i++) if (Number.isFinite(values[i])) points.push([i, values[i]]);
    return points;
  }
  for (let bucket = 0; bucket < pixels; bucket++) {
    const from = begin + Math.floor((bucket * count) / pixels);
    const to = begin + Math.floor(((bucket + 1) * count) / pixels);
    let low = -1;
    let high = -1;
    for (let i = from; i < to; i++) {
      if (!Number.isFinite(values[i])) continue;
      if (low < 0 || values[i] < values[low]) low = i;
      if (high < 0 || values[i] > values[high]) high = i;
    }
    if (low < 0) continue;
    const ends = low === high ? [low] : [Math.min(low, high), Math.max(low, high)];
    points.push(...ends.map((i) => [i, values[i]]));
  }
  return points;
}

/** Places for labels near where they want to be, in order, at least so far apart and within bounds. */
export function apart(wanted, distance, low, high) {
  const order = wanted.map((_, i) => i).sort((a, b) => wanted[a] - wanted[b]);
  const placed = order.map((i) => clampedTo(wanted[i], low, high));
  for (let round = 0; placed.length && round < 50; round++) {
    for (let i = 1; i < placed.length; i++) {
      const lack = Math.max(0, distance - (placed[i] - placed[i - 1]));
      placed[i - 1] -= lack / 2;
      placed[i] += lack / 2;
    }
    placed[0] = Math.max(placed[0], low);
    placed[placed.length - 1] = Math.min(placed.at(-1), high);
  }
  for (let i = 1; i < placed.length; i++) placed[i] = Math.max(placed[i], placed[i - 1] + distance);
  const found = [];
  order.forEach((i, place) => (found[i] = placed[place]));
  return found;
}

/** For tests. */
export const pure = { figure, brief, percent, signed, ticks, rounded, buckets, apart };
