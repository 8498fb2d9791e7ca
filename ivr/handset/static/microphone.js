// What is said into the call; on only when somebody has switched it on.
export class Microphone {
  #context = null;
  #stream = null;
  #shown;

  // `shown` is given the level, 0 to 1.
  constructor(shown) { this.#shown = shown; }

  get on() { return this.#stream !== null; }

  // `onFrame` is given frames of 20 ms. Whether the browser lets us have one.
  async open(onFrame) {
    try {
      this.#stream = await navigator.mediaDevices.getUserMedia({
        audio: { channelCount: 1, echoCancellation: true, autoGainControl: true },
      });
      this.#context = new AudioContext({ latencyHint: "interactive" });
      await this.#context.audioWorklet.addModule(new URL("microphone-worklet.js", import.meta.url));
      const node = new AudioWorkletNode(this.#context, "microphone", { numberOfOutputs: 0 });
      node.port.onmessage = ({ data }) => {
        this.#shown(data.level);
        onFrame(data.frame);
      };
      this.#context.createMediaStreamSource(this.#stream).connect(node);
      return true;
    } catch {
      await this.close();
      return false;
    }
  }

  async close() {
    for (const track of this.#stream?.getTracks() ?? []) track.stop();
    this.#stream = null;
    await this.#context?.close();
    this.#context = null;
    this.#shown(0);
  }
}
