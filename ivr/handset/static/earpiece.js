// What is heard of the call.
const RATE = 8000;

export class Earpiece {
  #context = null;
  #node = null;
  #onDelay;

  // `told` is given the milliseconds that sound waits in this browser.
  constructor(onDelay) { this.#onDelay = onDelay; }

  // Whether it can be heard.
  async open() {
    try {
      if (!this.#context) {
        const context = new AudioContext({ sampleRate: RATE, latencyHint: "interactive" });
        await context.audioWorklet.addModule(new URL("earpiece-worklet.js", import.meta.url));
        this.#node = new AudioWorkletNode(context, "earpiece", { numberOfInputs: 0, outputChannelCount: [1] });
        this.#node.port.onmessage = ({ data }) => this.#measured(data);
        this.#node.connect(context.destination);
        this.#context = context;
      }
      await this.#context.resume();
      return true;
    } catch {
      return false;
    }
  }

  play(frame) { this.#node?.port.postMessage(frame, [frame]); }

  // The call is over: what waits is not heard any more.
  rest() { this.#node?.port.postMessage("rest"); }

  #measured(waitingMs) {
    const { baseLatency = 0, outputLatency = 0 } = this.#context;
    this.#onDelay(Math.round(waitingMs + (baseLatency + outputLatency) * 1000));
  }
}
