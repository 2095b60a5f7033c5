// @ts-check
// An array as cells: numbers on tinted backgrounds, or the squares of a heat map.
import {el, svg} from "./dom.js";
import {EMPTY, MIDDLE, MOST_SHOWN, fitting} from "./format.js";
/** @typedef {import("./types.js").ArrayData} ArrayData */
/** @typedef {import("./types.js").How} How */
/** @typedef {import("./dom.js").Part} Part */

const NOT_FINITE = "!";

/** An array as text, for a screen reader. @param {ArrayData} a */
export const spoken = ({text, notes = []}) =>
  text?.map(row => row.join(", ")).join("; ") ?? notes.join(", ");

/**
 * A cell or a path with the tint of a letter (see bundle.py).
 * @template {Element} Kind @param {(kind: string, ...parts: (Part|Part[])[]) => Kind} make
 * @param {string} kind @param {string} letter @param {...Part} parts
 */
const tinted = (make, kind, letter, ...parts) =>
  letter === NOT_FINITE
    ? make(`${kind}.odd`, parts)
    : make(kind, {style: `--level: ${letter.charCodeAt(0) - MIDDLE}`}, parts);

/** An array as an element. @param {ArrayData} a @param {How} how */
export function cells(a, how = {}) {
  const {hidden = false, label, mark = "", of, flip = false} = how;
  const shown = flip ? flipped(a) : a;
  const rows = shown.tint.length;
  const columns = shown.tint[0]?.length ?? 0;
  const isLarge = columns > 1 && Math.max(rows, columns) > (how.most ?? Infinity);
  const isGrid = Boolean(a.text && of && !hidden && !isLarge);
  const attributes = {
    style: `--columns: ${columns}; --rows: ${rows}`,
    "data-of": hidden ? undefined : of,
    "data-flip": flip,
    "data-item": how.item,
    ...(label && {
      role: isGrid ? "grid" : "img",
      "aria-label": isGrid ? label : `${label}: ${spoken(a)}`
    })
  };
  if (!shown.text || isLarge) {
    const few = Math.max(rows, columns) <= MOST_SHOWN ? ".few" : "";
    const notes = hidden ? [] : (a.notes ?? []).map(note => el("div.note", note));
    return el(
      "div",
      el(`div.map${few}${mark}`, attributes, hidden ? el("i", "·") : heatMap(shown.tint, columns)),
      notes
    );
  }
  const few = columns === 1 && rows <= 4 ? ".short" : "";
  return el(`div.grid${few}${mark}`, attributes, numbers(shown, shown.text, how));
}

/** Rows as columns. @param {ArrayData} a @returns {ArrayData} */
const flipped = ({tint, text, ...rest}) => ({
  ...rest,
  tint: [...(tint[0] ?? "")].map((_, j) => tint.map(row => row[j]).join("")),
  text: text && [...text[0]].map((_, j) => text.map(row => row[j]))
});

/** @param {ArrayData} a @param {string[][]} text @param {How} how */
function numbers({tint, first = 0}, text, {hidden, label, of, flip, edit, most}) {
  const read = Boolean(label && of && !hidden);
  return text.map((row, i) =>
    el(
      "div.line",
      read ? {role: "row"} : {},
      row.map((number, j) => {
        if (hidden) return el("span.cell", "·");
        const position = flip ? j * text.length + i : i * row.length + j;
        const title = edit?.(first + position);
        return tinted(
          el,
          title ? "span.cell.editable" : "span.cell",
          tint[i][j],
          of && number !== EMPTY && {title, "data-entry": first + position},
          read && {role: "gridcell", tabindex: i + j ? -1 : 0},
          most ? fitting(number) : number // cards are narrow
        );
      })
    )
  );
}

/**
 * A heat map as a path for each tint, because many elements take long to draw.
 * @param {string[]} tint @param {number} columns
 */
function heatMap(tint, columns) {
  /** @type {Record<string, string>} */
  const paths = {};
  tint.forEach((row, y) => {
    for (const {0: run, index: x} of row.matchAll(/!|(.)\1*/g)) {
      const square =
        run === NOT_FINITE ? "h.5l-.5 .5zm1 0v.5l-.5 .5h-.5z" : `h${run.length}v1h-${run.length}z`;
      paths[run[0]] = `${paths[run[0]] ?? ""}M${x} ${y}${square}`;
    }
  });
  return svg(
    "svg",
    {viewBox: `0 0 ${columns} ${tint.length}`, preserveAspectRatio: "none", "aria-hidden": "true"},
    Object.entries(paths).map(([letter, d]) => tinted(svg, "path", letter, {d}))
  );
}
