// @ts-check
// Play: go from step to step until the end.
import { state } from "./state.js";
import { byId, press } from "./dom.js";
import { go, isAtEnd } from "./navigation.js";

const PACE = 1100; // milliseconds for each step

/** Play or pause. */
export function togglePlay() {
  if (state.playing) pause();
  else start();
  press(byId("play"), state.playing > 0);
  byId("play").setAttribute("aria-label", state.playing ? "Pause" : "Play");
}

function pause() {
  clearInterval(state.playing);
  state.playing = 0;
}

function start() {
  if (isAtEnd()) go(0);
  state.playing = setInterval(() => {
    go(state.step + 1);
    if (isAtEnd()) togglePlay();
  }, PACE);
}
