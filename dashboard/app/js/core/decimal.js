/**
 * Typed numbers, read exactly as the API reads them: digits, and a point before the decimals. Nothing is repaired, because
 * half the world writes 1,5 where the other half writes 1.5. Digits may be grouped where no reader can take the groups for
 * decimals.
 *
 * @typedef {{ value: string, problem?: undefined } | { value?: undefined, problem: string }} Read
 */

const MOST_UNITS = 2n ** 64n - 1n;
const PLAIN = /^(?:\d+\.?\d*|\.\d+)$/;
const SCIENTIFIC = /^(\d+\.?\d*|\.\d+)[eE]([+-]?\d{1,3})$/;
/** Groups of three, all separated by the same space, apostrophe or underscore. */
const SPACED = /^\d{1,3}([ \u00a0\u2009\u202f'’_])\d{3}(?:\1\d{3})*(?:\.\d*)?$/;
/** Commas are groups only with a point after them, or if there are two: a single one may be meant as a point. */
const COMMAS = /^\d{1,3}(?:(?:,\d{3})+\.\d*|(?:,\d{3}){2,})$/;

/** @param {string} typed @returns {Read} plain digits, such as `1234.5`, above 0 */
export function readDecimal(typed) {
  const text = typed.trim();
  if (text === "") return { problem: "Enter an amount" };
  if (/^[-−–]/.test(text)) return { problem: "Must be greater than zero" };
  const plain = toPlain(text);
  if (plain === undefined) return { problem: hint(text) };
  if (!/[1-9]/.test(plain)) return { problem: "Must be greater than zero" };
  return { value: plain };
}

/** @param {string} typed @param {{ symbol: string, decimals: number }} token @returns {Read} an amount that the token can have */
export function readAmount(typed, { symbol, decimals }) {
  const read = readDecimal(typed);
  if (read.value === undefined) return read;
  const [whole = "0", fraction = ""] = read.value.split(".");
  const digits = fraction.replace(/0+$/, "");
  if (digits.length > decimals) return { problem: `${symbol} has at most ${decimals} decimal places` };
  if (BigInt(whole + digits.padEnd(decimals, "0")) > MOST_UNITS) return { problem: "Too large" };
  return read;
}

/** @param {string} typed percent @param {number} mostBps @returns {{ bps: number, problem?: undefined } | { bps?: undefined, problem: string }} */
export function readPercent(typed, mostBps) {
  const text = typed.trim();
  if (!PLAIN.test(text)) return { problem: hint(text) };
  const bps = Math.round(Number(text) * 100);
  if (Math.abs(Number(text) * 100 - bps) > 1e-9) return { problem: "Use steps of 0.01 %" };
  return bps > mostBps ? { problem: `At most ${mostBps / 100} %` } : { bps };
}

/** @param {string} text @returns {string | undefined} */
function toPlain(text) {
  if (PLAIN.test(text)) return tidy(text);
  if (SPACED.test(text)) return tidy(text.replace(/[^\d.]/g, ""));
  if (COMMAS.test(text)) return tidy(text.replaceAll(",", ""));
  const [, mantissa, exponent] = SCIENTIFIC.exec(text) ?? [];
  return mantissa === undefined ? undefined : tidy(shifted(mantissa, Number(exponent)));
}

/** The mantissa with its point moved. @param {string} mantissa @param {number} places to the right */
function shifted(mantissa, places) {
  const [whole = "", fraction = ""] = mantissa.split(".");
  const digits = whole + fraction;
  const point = whole.length + places;
  if (point <= 0) return `0.${"0".repeat(-point)}${digits}`;
  return `${digits.slice(0, point).padEnd(point, "0")}.${digits.slice(point)}`;
}

/** Without needless zeros and points. @param {string} plain */
function tidy(plain) {
  const [whole = "", fraction = ""] = plain.split(".");
  const kept = whole.replace(/^0+(?=\d)/, "") || "0";
  return fraction ? `${kept}.${fraction}` : kept;
}

/** What to write instead. @param {string} text */
function hint(text) {
  if (/^\d{1,3},\d{3}$/.test(text)) {
    const whole = text.replace(",", "");
    return `Write ${whole}, or ${text.replace(",", ".")} with a point for decimals`;
  }
  const single = /^(\d+),(\d+)$/.exec(text);
  if (single) return `Use a point for decimals: ${single[1]}.${single[2]}`;
  if (/^\d[\d.,\s'’]*$/.test(text)) return "Use a point for decimals and no other marks: 1234.5";
  return "Not a number: write digits, such as 1.5";
}
