// @ts-check
// Numbers and arrays as text and tints, with the same roundings as Python (text/format.py,
// views/graph/card.py and views/page/arrays.py).
/** @typedef {import("./types.js").ArrayData} ArrayData */
/** @typedef {ArrayLike<number>} Numbers */

const MOST_SHOWN = 8; // rows and columns of an array that is shown as numbers
const MAP = 16; // rows and columns of a heat map
const LEVELS = 8; // tints of each sign
const MIDDLE = "i".charCodeAt(0);
const DECIMALS = 4;

const MORE = 30; // digits, enough to recognise a number halfway between two others

/**
 * Round as Python does: a number halfway between two others becomes the even one.
 * @param {string} long the digits and `MORE` of them @param {string} short
 */
const even = (long, short) =>
  /[02468]50{29}$/.test(long) ? long.slice(0, -MORE) : short;

/** Whether a number may be halfway. All the digits of others, which take long, are not needed. @param {number} x */
const endsInFive = (x) => /5(e|$)/.test(`${x}`);

/** @param {number} x @param {number} n digits after the point */
const fixed = (x, n) =>
  even(endsInFive(x) ? x.toFixed(n + MORE) : "", x.toFixed(n));

/** @param {string} text */
const trimmed = (text) =>
  text.includes(".") ? text.replace(/\.?0+$/, "") : text;

/** As Python's `{x:.ng}`. @param {number} x @param {number} n significant digits */
function general(x, n) {
  const [long] = endsInFive(x)
    ? x.toExponential(n - 1 + MORE).split("e")
    : [""];
  const [short, power] = x.toExponential(n - 1).split("e");
  const digits = even(long, short);
  const e = Number(power);
  if (-5 < e && e < n)
    return trimmed(Number(`${digits}e${e}`).toFixed(n - 1 - e));
  const exponent = String(Math.abs(e)).padStart(2, "0");
  return `${trimmed(digits)}e${e < 0 ? "-" : "+"}${exponent}`;
}

/** @param {number} x @param {number} digits significant digits; from 0.01 on, four decimals */
export function formatNumber(x, digits = 5) {
  if (Number.isNaN(x)) return "nan";
  const size = Math.abs(x);
  if (size === Infinity) return x < 0 ? "-inf" : "inf";
  if (Number.isInteger(x) && size < 1e6) return String(x + 0 || 0);
  if (0.01 <= size && size < 10 ** (digits - 4)) return trimmed(fixed(x, 4));
  return general(x, size < 1 ? Math.min(digits, 4) : digits);
}

/** Minus signs that are as wide as a digit. Hyphens in words stay. @param {string} text */
export const minus = (text) =>
  text.replace(/(?<!\w)-|(?<=\d[eE])-|-(?!\w)/g, "−");

/** A number as it is shown or typed; NaN if it is none. @param {string} text */
export const parseNumber = (text) =>
  text.trim() ? Number(text.trim().replace("−", "-")) : NaN;

/**
 * An array as the page shows it.
 * @param {Numbers} numbers row by row @param {number[]} shape @param {string} dtype
 * @returns {Omit<ArrayData, "shape">}
 */
export function formatArray(numbers, shape, dtype) {
  if (!numbers.length) return { tint: ["i"], text: [["empty"]] };
  const isColumn = shape.length < 2;
  const columns = isColumn ? 1 : shape[shape.length - 1];
  const rows = numbers.length / columns;
  if (Math.max(rows, columns) > MOST_SHOWN) {
    const map = isColumn
      ? pooled(numbers, 1, rows)
      : pooled(numbers, rows, columns);
    return { tint: tints(map), notes: statistics(numbers).map(minus) };
  }
  const text = textsOf(numbers, dtype).map(minus);
  return { tint: tints(inRows(numbers, columns)), text: inRows(text, columns) };
}

/** @template T @param {ArrayLike<T>} entries @param {number} columns @returns {T[][]} */
const inRows = (entries, columns) =>
  Array.from({ length: entries.length / columns }, (_, i) =>
    Array.from({ length: columns }, (__, j) => entries[i * columns + j]),
  );

/** @param {number[][]} rows */
function tints(rows) {
  let largest = 0;
  for (const x of rows.flat())
    if (Math.abs(x) > largest && Math.abs(x) < Infinity) largest = Math.abs(x);
  largest ||= 1;
  return rows.map((row) => row.map((x) => letter(x, largest)).join(""));
}

/** @param {number} x @param {number} largest */
function letter(x, largest) {
  if (!Number.isFinite(x)) return "!";
  const level = Math.sign(x) * Math.ceil((LEVELS * Math.abs(x)) / largest);
  return String.fromCharCode(MIDDLE + level);
}

/** The numbers, with the same number of decimals. @param {Numbers} numbers @param {string} dtype */
function textsOf(numbers, dtype) {
  const all = Array.from(numbers);
  if (dtype === "bool") return all.map((x) => (x ? "True" : "False"));
  if (!dtype.startsWith("float")) return all.map(String);
  const known = all.filter(Number.isFinite);
  const largest = Math.max(0, ...known.map(Math.abs));
  const plain = all.map((x) => formatNumber(x));
  if (largest >= 1e6 || known.every(Number.isInteger)) return plain;
  const whole = Math.max(0, Math.floor(Math.log10(largest)));
  const decimals = Math.max(1, DECIMALS - whole);
  const least = decimals < DECIMALS ? 10 ** (1 - decimals) : 0.01;
  return all.map((x, i) => {
    const fits = x === 0 || (least <= Math.abs(x) && Math.abs(x) < Infinity);
    return fits ? fixed(x + 0 || 0, decimals) : plain[i];
  });
}

// ---- heat maps ----

/** A table with the entry of largest magnitude of each part. @param {Numbers} x @param {number} rows @param {number} columns */
function pooled(x, rows, columns) {
  const tall = starts(rows, MAP);
  const wide = starts(columns, rows === 1 ? 2 * MAP : MAP);
  return ranges(tall, rows).map(([top, bottom]) =>
    ranges(wide, columns).map(([left, right]) => {
      let found = 0;
      for (let i = top; i < bottom; i++)
        for (let j = left; j < right; j++) {
          const value = x[i * columns + j];
          if (!Number.isFinite(value)) return NaN;
          const [size, most] = [Math.abs(value), Math.abs(found)];
          if (size > most || (size === most && value > found)) found = value;
        }
      return found;
    }),
  );
}

/** Where the parts of an axis start. @param {number} n @param {number} most */
function starts(n, most) {
  const parts = Math.min(n, most);
  return Array.from({ length: parts }, (_, i) => Math.trunc(i * (n / parts)));
}

/** @param {number[]} from @param {number} end */
const ranges = (from, end) =>
  from.map((start, i) => [start, from[i + 1] ?? end]);

/** Range, mean and norm of finite entries, and counts of the others. @param {Numbers} numbers */
function statistics(numbers) {
  const known = [];
  const lines = [];
  let [least, most, zeros, nans] = [Infinity, -Infinity, 0, 0];
  for (let i = 0; i < numbers.length; i++) {
    const x = numbers[i];
    if (Number.isNaN(x)) nans++;
    if (!Number.isFinite(x)) continue;
    known.push(x);
    if (x < least) least = x;
    if (x > most) most = x;
    if (x === 0) zeros++;
  }
  if (known.length) {
    const mean = pairwise(known) / known.length;
    const norm = Math.sqrt(pairwise(known.map((x) => x * x)));
    const [low, high, middle, length] = [least, most, mean, norm].map((x) =>
      formatNumber(x, 4),
    );
    lines.push(`min ${low} · max ${high}`, `mean ${middle} · norm ${length}`);
  }
  const infs = numbers.length - known.length - nans;
  const counts = [
    zeros && `${formatNumber((100 * zeros) / numbers.length, 2)}% zeros`,
    nans && `${nans} NaN`,
    infs && `${infs} inf`,
  ].filter(Boolean);
  return counts.length ? [...lines, counts.join(" · ")] : lines;
}

/** A sum in the order of NumPy's, which rounds alike. @param {number[]} x @returns {number} */
function pairwise(x, from = 0, n = x.length) {
  if (n < 8) {
    let total = 0;
    for (let i = 0; i < n; i++) total += x[from + i];
    return total;
  }
  if (n > 128) {
    const half = (n >> 1) - ((n >> 1) % 8);
    return pairwise(x, from, half) + pairwise(x, from + half, n - half);
  }
  const r = x.slice(from, from + 8);
  const whole = n - (n % 8);
  for (let i = 8; i < whole; i++) r[i % 8] += x[from + i];
  let total = r[0] + r[1] + (r[2] + r[3]) + (r[4] + r[5] + (r[6] + r[7]));
  for (let i = whole; i < n; i++) total += x[from + i];
  return total;
}
