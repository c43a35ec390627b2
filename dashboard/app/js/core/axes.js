/** Round numbers for the axes of charts. */

const STEPS_S = [5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200, 14_400, 28_800, 86_400, 172_800, 604_800];

/** @param {number} low @param {number} high @returns {[number, number]} */
export function padded(low, high) {
  const pad = Math.max((high - low) * 0.12, Math.abs(high) * 1e-4);
  return [low - pad, high + pad];
}

/** Round prices between two. @param {number} low @param {number} high @param {number} count */
export function ticks(low, high, count) {
  const rough = (high - low) / count;
  const scale = 10 ** Math.floor(Math.log10(rough));
  const step = scale * ([1, 2, 5, 10].find((factor) => factor * scale >= rough) ?? 10);
  const all = [];
  for (let price = Math.ceil(low / step) * step; price < high; price += step) all.push(price);
  return all;
}

/** Round times between two, milliseconds. @param {number} from @param {number} to @param {number} count */
export function times(from, to, count) {
  const rough = (to - from) / count;
  const step = STEPS_S.map((seconds) => seconds * 1000).find((ms) => ms >= rough) ?? 2_592_000_000;
  const all = [];
  for (let at = Math.ceil(from / step) * step; at < to - step / 4; at += step) if (at > from + step / 4) all.push(at);
  return all;
}
