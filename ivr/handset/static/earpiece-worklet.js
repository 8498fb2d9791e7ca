// Plays frames of 20 ms a little later than they come, so that one that is late makes no gap.
//
// How much later is found by trying: a gap makes it 20 ms more, five seconds without one 20 ms less.
// What comes too early for that is left out, where it is silent.
const FRAME = 160, LEAST = 2, FIRST = 3, MOST = 10, TOO_MANY = 6;
const QUIET = 200; // of 32767
const WELL = 250, TOLD_EVERY = 25; // frames

class Earpiece extends AudioWorkletProcessor {
  #waiting = [];
  #at = 0;
  #wanted = FIRST;
  #flowing = false;
  #sinceGap = 0;
  #played = 0;

  constructor() {
    super();
    this.port.onmessage = ({ data }) => {
      if (data === "rest") this.#rest();
      else this.#take(new Int16Array(data));
    };
  }

  process(_, [[output]]) {
    if (!this.#flowing && this.#waiting.length >= this.#wanted) this.#flowing = true;
    for (let i = 0; i < output.length; i += 1) output[i] = this.#flowing ? this.#next() : 0;
    return true;
  }

  #take(frame) {
    this.#waiting.push(frame);
    while (this.#waiting.length > this.#wanted + TOO_MANY) this.#waiting.splice(1, 1);
  }

  #next() {
    const frame = this.#waiting[0];
    if (!frame) {
      this.#flowing = false;
      this.#sinceGap = 0;
      this.#wanted = Math.min(this.#wanted + 1, MOST);
      return 0;
    }
    const sample = frame[this.#at];
    this.#at += 1;
    if (this.#at >= frame.length) this.#finish();
    return sample / 32768;
  }

  #finish() {
    this.#at = 0;
    this.#waiting.shift();
    while (this.#waiting.length > this.#wanted + 1 && isQuiet(this.#waiting[0])) this.#waiting.shift();
    this.#sinceGap += 1;
    if (this.#sinceGap % WELL === 0) this.#wanted = Math.max(this.#wanted - 1, LEAST);
    this.#played += 1;
    if (this.#played % TOLD_EVERY === 0) this.port.postMessage(this.#waiting.length * FRAME / 8);
  }

  #rest() {
    this.#waiting = [];
    this.#at = 0;
    this.#flowing = false;
  }
}

function isQuiet(frame) { return frame.every((sample) => Math.abs(sample) < QUIET); }

registerProcessor("earpiece", Earpiece);
