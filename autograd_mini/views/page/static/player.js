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
  const isPlaying = !state.playing;
  if (isPlaying && isAtEnd()) go(0);
  play(isPlaying);
  press(byId("play"), isPlaying);
}

/** Select the next speed. */
export function changeSpeed() {
  speed = SPEEDS[(SPEEDS.indexOf(speed) + 1) % SPEEDS.length];
  setText("speed-now", `${speed}×`);
  play(state.playing > 0);
}

/** @param {boolean} isPlaying */
function play(isPlaying) {
  clearInterval(state.playing);
  const advance = () => {
    go(state.step + 1);
    if (isAtEnd()) togglePlay();
  };
  state.playing = isPlaying ? setInterval(advance, PACE / speed) : 0;
}
