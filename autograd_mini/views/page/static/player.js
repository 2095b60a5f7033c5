// @ts-check
// Play: go from step to step until the end.
import {state} from "./state.js";
import {byId, press, setText} from "./dom.js";
import {go, isAtEnd} from "./navigation.js";

const PACE = 1100; // milliseconds for each step at speed 1
const SPEEDS = [1, 2, 0.5];
let speed = SPEEDS[0];

/** Play or pause. */
export function togglePlay() {
  if (state.playing) pause();
  else start();
  press(byId("play"), state.playing > 0);
  byId("play").setAttribute("aria-label", state.playing ? "Pause" : "Play");
}

/** Select the next speed. */
export function changeSpeed() {
  speed = SPEEDS[(SPEEDS.indexOf(speed) + 1) % SPEEDS.length];
  setText("speed-now", `${speed}×`);
  if (!state.playing) return;
  pause();
  advance();
}

function pause() {
  clearInterval(state.playing);
  state.playing = 0;
}

function start() {
  if (isAtEnd()) go(0);
  advance();
}

function advance() {
  state.playing = setInterval(() => {
    go(state.step + 1);
    if (isAtEnd()) togglePlay();
  }, PACE / speed);
}
