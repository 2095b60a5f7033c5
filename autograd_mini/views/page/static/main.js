// @ts-check
// The page: connect buttons and keys to the drawing functions, and open the place of the address.
import {readData, state} from "./state.js";
import {byId, connect, isOurs} from "./dom.js";
import {writeAddress} from "./address.js";
import {startControls, updateControls} from "./controls.js";
import {EXPORTS} from "./export.js";
import {features} from "./features.js";
import {listenToHover} from "./hover.js";
import {go, openParent, jump, showAddress, toggleGroups} from "./navigation.js";
import {listenToSize} from "./windows.js";
import {changeSpeed, togglePlay} from "./player.js";

/** The actions of the buttons, by id. @type {Record<string, () => void>} */
const ACTIONS = {
  first: () => jump(0),
  previous: () => go(state.step - 1),
  play: togglePlay,
  speed: changeSpeed,
  next: () => go(state.step + 1),
  last: () => jump(Infinity),
  theme: toggleTheme,
  keys: () => openDialog("help"),
  symbols: () => openDialog("legend"),
  save: () => openDialog("export"),
  up: openParent,
  group: toggleGroups,
  ...EXPORTS
};

/** @param {string} id */
const openDialog = id => /** @type {HTMLDialogElement} */ (byId(id)).showModal();

function toggleTheme() {
  const {dataset} = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");
  const now = dataset.theme ?? (system.matches ? "dark" : "light");
  dataset.theme = now === "dark" ? "light" : "dark";
  writeAddress();
}

/** Click or focus the element that lists a key as its shortcut. @param {KeyboardEvent} event */
function onKey(event) {
  const {key} = event;
  const target = /** @type {HTMLElement} */ (event.target);
  if (!isOurs(event)) return;
  const isTyped = target.matches(key === " " ? "input, button" : "input");
  if (isTyped && key !== "Escape") return;
  if (key === "Escape" && state.playing) togglePlay();
  const name = CSS.escape(key === " " ? "Space" : key);
  /** @type {HTMLElement|null} */
  const named = document.querySelector(`[aria-keyshortcuts~=${name} i]:not([hidden])`);
  if (!named) return;
  event.preventDefault();
  if (named.matches("input")) named.focus();
  else named.click();
}

function listen() {
  connect(ACTIONS);
  byId("copy-link").hidden = location.protocol === "about:"; // in a notebook
  const slider = /** @type {HTMLInputElement} */ (byId("slider"));
  slider.addEventListener("input", () => go(Number(slider.value)));
  addEventListener("keydown", onKey);
  addEventListener("hashchange", show);
  listenToSize();
  listenToHover();
}

/** Show the place of the address, and its numbers. */
function show() {
  showAddress();
  updateControls();
}

readData().then(() => {
  for (const {start} of features) start?.();
  startControls();
  listen();
  document.querySelector("main")?.removeAttribute("hidden");
  show();
  document.documentElement.dataset.ready = "";
});
