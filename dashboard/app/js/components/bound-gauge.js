/** @import { Bound, Explanation, Spec } from "../core/types.js" */
import { h } from "../core/dom.js";
import { amount } from "../core/format.js";

/**
 * The worst acceptable result, the quote and what it came to, on one scale. Only the places of the
 * marks are computed in floating point.
 * @param {Bound} bound
 * @param {NonNullable<Explanation["result"]>} result
 * @param {Spec} spec
 */
export function boundGauge(bound, { quoted, realised }, spec) {
  const isOut = "minAmountOut" in bound;
  const of = (/** @type {{ amountIn: string, amountOut: string }} */ amounts) => (isOut ? amounts.amountOut : amounts.amountIn);
  const worst = isOut ? bound.minAmountOut : bound.maxAmountIn;
  const unit = isOut ? spec.tokenOut : spec.tokenIn;
  const marks = [
    { name: "bound", label: isOut ? "Minimum" : "Maximum", value: worst },
    { name: "quoted", label: "Quoted", value: of(quoted) },
    { name: "realised", label: "Realised", value: of(realised) },
  ];
  const numbers = marks.map(({ value }) => Number(value));
  const low = Math.min(...numbers);
  const span = Math.max(...numbers) - low || 1;
  const at = (/** @type {string} */ value) => {
    const share = (Number(value) - low) / span;
    return 4 + 92 * (isOut ? share : 1 - share);
  };
  return h("div", { class: "gauge", role: "img", "aria-label": marks.map(({ label, value }) => `${label} ${amount(value)} ${unit}`).join(", ") },
    h("div", { class: "gauge-line" }, marks.map(({ name, value }) => {
      const mark = h("span", { class: "gauge-mark", "data-mark": name });
      mark.style.left = `${at(value)}%`;
      return mark;
    })),
    h("dl", { class: "gauge-legend" }, marks.map(({ name, label, value }) => h("div", { "data-mark": name }, h("dt", {}, label), h("dd", {}, `${amount(value)} ${unit}`)))));
}
