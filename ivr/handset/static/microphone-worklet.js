// Makes 8000 samples a second of those of the microphone, and frames of 20 ms of them.
//
// A windowed sinc lets the voice band of a telephone through and stops what would fold into it.
const RATE = 8000, FRAME = 160, PASS_HZ = 3500, PHASES = 32, LOBES = 8;
const FLOOR_DB = -60;

class Microphone extends AudioWorkletProcessor {
  #step = sampleRate / RATE;
  #reach = Math.ceil(LOBES * this.#step);
  #kernels = kernels(this.#reach);
  #sound = new Float32Array(2 * this.#reach);
  #at = this.#reach;
  #frame = new Int16Array(FRAME);
  #filled = 0;
  #power = 0;

  process([[input]]) {
    if (!input) return true;
    const sound = new Float32Array(this.#sound.length + input.length);
    sound.set(this.#sound);
    sound.set(input, this.#sound.length);
    for (; this.#at + this.#reach + 1 < sound.length; this.#at += this.#step) this.#add(this.#sample(sound));
    const done = Math.floor(this.#at) - this.#reach;
    this.#sound = sound.slice(done);
    this.#at -= done;
    return true;
  }

  #sample(sound) {
    const whole = Math.floor(this.#at), first = whole - this.#reach;
    const kernel = this.#kernels[Math.floor((this.#at - whole) * PHASES)];
    let sum = 0;
    for (let i = 0; i < kernel.length; i += 1) sum += sound[first + i] * kernel[i];
    return Math.max(-1, Math.min(1, sum));
  }

  #add(sample) {
    this.#frame[this.#filled] = sample * 32767;
    this.#power += sample * sample;
    this.#filled += 1;
    if (this.#filled < FRAME) return;
    const decibel = 10 * Math.log10(this.#power / FRAME + 1e-12);
    const { buffer } = this.#frame;
    this.port.postMessage({ frame: buffer, level: Math.max(0, 1 - decibel / FLOOR_DB) }, [buffer]);
    this.#frame = new Int16Array(FRAME);
    this.#filled = this.#power = 0;
  }
}

// One for each place between two samples in which one of ours may stand.
function kernels(reach) {
  const band = 2 * PASS_HZ / sampleRate;
  return Array.from({ length: PHASES }, (_, phase) =>
    Float32Array.from({ length: 2 * reach + 1 }, (_, i) => {
      const distance = i - reach - phase / PHASES;
      const x = Math.PI * band * distance;
      const window = 0.5 + 0.5 * Math.cos(Math.PI * distance / (reach + 1));
      return band * window * (x ? Math.sin(x) / x : 1);
    }));
}

registerProcessor("microphone", Microphone);
