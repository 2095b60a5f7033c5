// @ts-check
// A button that resets all leaves. On a page that trains, the Train panel has it.
import {controls} from "./controls.js";
import {button, enable} from "./dom.js";
import {features} from "./features.js";
import {compute} from "./leaves.js";
import {live} from "./live.js";

features.push({
  start() {
    const element = button("Reset", () => compute(() => live.reset()), {id: "reset"});
    controls.push({element, update: () => enable(element, live.isChanged())});
  }
});
