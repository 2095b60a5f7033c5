// @ts-check
// The state of the page in its address: `#step=4&view=2&fold=1&theme=dark`.
//
// Back and Forward go through places. Settings stay; only a link or a reload sets them.
import {data, state} from "./state.js";

/**
 * A part of the address: its text, "" for the default, and how to read it.
 * @typedef {{text: () => string, read: (text: string) => void}} Field
 */

const root = document.documentElement.dataset;

/** @type {Record<string, Field>} */
const PLACE = {
  step: {text: () => `${state.step}`, read: text => (state.step = Number(text))},
  view: {
    text: () => `${state.tab + 1}`,
    read: text => (state.tab = data.tabs[Number(text) - 1] ? Number(text) - 1 : 0)
  },
  fold: {
    text: () =>
      data.tapes.some(({level, first}) => level !== first)
        ? data.tapes.map(({level}) => level).join(".")
        : "",
    read(text) {
      const levels = text.split(".").map(level => Number(level || NaN));
      data.tapes.forEach((tape, i) => {
        tape.level = tape.levels[levels[i]] ? levels[i] : tape.first;
      });
    }
  }
};

/** @type {Record<string, Field>} */
export const SETTINGS = {
  theme: {
    text: () => (root.theme === data.theme ? "" : (root.theme ?? "")),
    read: text => (root.theme = text)
  }
};

let lastHash = ""; // the address that was written or read

/** Write the state into the address, unless it has just changed. @param {"replaceState"|"pushState"} how */
function write(how) {
  if (location.hash !== lastHash) return;
  const fields = Object.entries({...PLACE, ...SETTINGS});
  const texts = fields.map(([name, {text}]) => [name, text()]);
  try {
    history[how](true, "", `#${new URLSearchParams(texts.filter(([, text]) => text))}`);
  } catch {
    // a frame without an address
  }
  lastHash = location.hash;
}

export const writeAddress = () => write("replaceState");

/** Keep the current place for Back. The next state is a new place. */
export const keepPlace = () => write("pushState");

/**
 * Read the address: of a kept place only the place, of a link or a reload also the settings. A link
 * with only a step stays in the view.
 */
export function readAddress() {
  lastHash = location.hash;
  const asked = new URLSearchParams(lastHash.slice(1));
  const isWhole = asked.has("view") || !asked.has("step");
  for (const name in PLACE) if (isWhole || asked.has(name)) PLACE[name].read(asked.get(name) ?? "");
  if (history.state && "ready" in root) return;
  for (const name in SETTINGS) if (asked.has(name)) SETTINGS[name].read(asked.get(name) ?? "");
}
