// @ts-check
// Numbers and arrays as text and tints, with the same roundings as Python (text/format.py,
// views/graph/card.py and views/page/arrays.py).
import {parseNumber} from "./state.js";
/** @typedef {import("./types.js").ArrayData} ArrayData */
/** @typedef {ArrayLike<number>} Numbers */

export const MOST_SHOWN = 8; // rows and columns of an array that is shown as numbers
const MAP = 16; // rows and columns of a heat map
const LEVELS = 8; // tints of each sign
export const MIDDLE = "i".charCodeAt(0); // the letter of the tint of 0
export const EMPTY = "empty"; // the cell of an array without entries
const DECIMALS = 4;
const BRIEF = 7; // characters of a number on a card, and in statistics

const MORE = 30; // digits, enough to recognise a number halfway between two others

/**
 * Round as Python does: a number halfway between two others becomes the even one.
 * @param {string} long the digits and `MORE` of them @param {string} short
 */
const even = (long, short) => (/[02468]50{29}$/.test(long) ? long.slice(0, -MORE) : short);

/** Whether a number may be halfway: only then all its digits are needed. @param {number} x */
const endsInFive = x => /5(e|$)/.test(`${x}`);

/** @param {number} x @param {number} n digits after the point */
const fixed = (x, n) => even(endsInFive(x) ? x.toFixed(n + MORE) : "", x.toFixed(n));

/** @param {string} text */
const trimmed = text => (text.includes(".") ? text.replace(/\.?0+$/, "") : text);

/** As Python's `{x:.ng}`. @param {number} x @param {number} n significant digits */
function general(x, n) {
  const [long] = endsInFive(x) ? x.toExponential(n - 1 + MORE).split("e") : [""];
  const [short, power] = x.toExponential(n - 1).split("e");
  const digits = even(long, short);
  const e = Number(power);
  if (-5 < e && e < n) return trimmed(Number(`${digits}e${e}`).toFixed(n - 1 - e));
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
export const minus = text => text.replace(/(?<!\w)-|(?<=\d[eE])-|-(?!\w)/g, "−");

/**
 * An array as the page shows it.
 * @param {Numbers} entries row by row @param {number[]} shape @param {string} dtype
 * @returns {Omit<ArrayData, "shape">}
 */
export function formatArray(entries, shape, dtype) {
  if (!entries.length) return {tint: ["i"], text: [[EMPTY]]};
  const numbers = Array.from(entries);
  const isColumn = shape.length < 2;
  const columns = isColumn ? 1 : shape[shape.length - 1];
  const rows = numbers.length / columns;
  if (Math.max(rows, columns) > MOST_SHOWN) {
    const map = pooled(numbers, isColumn ? rows : columns);
    return {tint: tints(map), notes: statistics(numbers).map(minus)};
  }
  const text = textsOf(numbers, dtype).map(minus);
  return {tint: tints(inRows(numbers, columns)), text: inRows(text, columns)};
}

/** @template T @param {T[]} entries @param {number} columns */
export const inRows = (entries, columns) =>
  Array.from({length: entries.length / columns}, (_, i) =>
    entries.slice(i * columns, (i + 1) * columns)
  );

/** The largest finite magnitude. @param {number[]} numbers */
const largestOf = numbers =>
  numbers.filter(Number.isFinite).reduce((most, x) => Math.max(most, Math.abs(x)), 0);

/** @param {number[][]} rows */
function tints(rows) {
  const most = largestOf(rows.flat()) || 1;
  return rows.map(row => row.map(x => letter(x, most)).join(""));
}

/** @param {number} x @param {number} most */
function letter(x, most) {
  if (!Number.isFinite(x)) return "!";
  const level = Math.sign(x) * Math.ceil((LEVELS * Math.abs(x)) / most);
  return String.fromCharCode(MIDDLE + level);
}

/** The numbers, with the same number of decimals. @param {number[]} numbers @param {string} dtype */
function textsOf(numbers, dtype) {
  if (dtype === "bool") return numbers.map(x => (x ? "True" : "False"));
  if (!dtype.startsWith("float")) return numbers.map(String);
  const most = largestOf(numbers);
  const plain = numbers.map(x => formatNumber(x));
  const isWhole = numbers.every(x => !(x % 1)); // also of nan and inf
  if (most >= 1e6 || isWhole) return plain;
  const decimals = Math.max(1, DECIMALS - Math.max(0, Math.floor(Math.log10(most))));
  const least = decimals < DECIMALS ? 10 ** (1 - decimals) : 0.01;
  return numbers.map((x, i) => {
    const fits = x === 0 || (least <= Math.abs(x) && Math.abs(x) < Infinity);
    return fits ? fixed(x + 0 || 0, decimals) : plain[i];
  });
}

// ---- heat maps ----

/** A table with the entry of largest magnitude of each part. @param {number[]} numbers @param {number} columns */
function pooled(numbers, columns) {
  const rows = numbers.length / columns;
  const tall = Math.min(rows, MAP);
  const wide = Math.min(columns, rows === 1 ? 2 * MAP : MAP);
  const map = Array.from({length: tall}, () => Array(wide).fill(0));
  numbers.forEach((x, n) => {
    const row = map[partOf(Math.floor(n / columns), rows, tall)];
    const j = partOf(n % columns, columns, wide);
    const [size, most] = [Math.abs(x), Math.abs(row[j])];
    if (!Number.isFinite(x)) row[j] = NaN;
    else if (size > most || (size === most && x > row[j])) row[j] = x;
  });
  return map;
}

/** The part of a position along an axis. @param {number} i @param {number} n @param {number} parts */
export const partOf = (i, n, parts) => Math.ceil(((i + 1) * parts) / n) - 1;

/** A number with at most `BRIEF` characters. @param {number} x @returns {string} */
function brief(x, digits = 4) {
  const text = formatNumber(x, digits);
  return text.length > BRIEF && digits > 1 ? brief(x, digits - 1) : text;
}

/** A number that fits into a card. Other texts stay. @param {string} text */
export function fitting(text) {
  const number = parseNumber(text);
  return text.length > BRIEF && !Number.isNaN(number) ? minus(brief(number, 6)) : text;
}

/** Range, mean and norm of finite entries, and counts of the others. @param {number[]} numbers */
function statistics(numbers) {
  const known = numbers.filter(Number.isFinite);
  const zeros = numbers.filter(x => x === 0).length;
  const nans = numbers.filter(Number.isNaN).length;
  const infs = numbers.length - known.length - nans;
  /** @param {(a: number, b: number) => number} f */
  const over = (f, start = known[0]) => brief(known.reduce((a, b) => f(a, b), start));
  /** @param {number} sum @param {number} x */
  const average = (sum, x) => sum + x / known.length;
  const ends = () => `min ${over(Math.min)} · max ${over(Math.max)}`;
  const sizes = () => `mean ${over(average, 0)} · norm ${over(Math.hypot, 0)}`;
  const counts = [
    zeros && `${formatNumber((100 * zeros) / numbers.length, 2)}% zeros`,
    nans && `${nans} NaN`,
    infs && `${infs} inf`
  ];
  const last = counts.filter(Boolean).join(" · ");
  return [...(known.length ? [ends(), sizes()] : []), ...(last ? [last] : [])];
}
