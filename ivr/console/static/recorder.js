// Records the microphone as a WAV, lets it be heard, and puts it into the form as a file. Meanwhile
// it shows how loud and how long it is, ends what gets too long, and warns who leaves with it unsent.
"use strict";

const worklet = document.currentScript.dataset.worklet;

window.addEventListener("DOMContentLoaded", () => {
  const form = document.getElementById("recording");
  if (!form || !navigator.mediaDevices || !window.AudioWorkletNode) return;
  const record = document.getElementById("record");
  const stop = document.getElementById("stop");
  const state = document.getElementById("recording-state");
  const player = document.getElementById("heard");
  const level = document.getElementById("level");
  const clock = document.getElementById("clock");
  form.querySelector(".recorder").hidden = false;
  let finish = null;
  let unsent = false;

  const clockTime = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;
  function show(block, seconds) {
    const power = block.reduce((sum, sample) => sum + sample * sample, 0) / block.length;
    // From -60 dB of full scale, which is a quiet room, to full scale.
    level.value = Math.max(0, Math.min(1, 1 + 10 * Math.log10(power + 1e-12) / 60));
    clock.textContent = `${clockTime(seconds)} / ${clockTime(Number(clock.dataset.longestS))}`;
  }

  window.addEventListener("beforeunload", (event) => {
    if (unsent || finish) event.preventDefault();
  });
  form.addEventListener("submit", () => { unsent = false; });

  record.addEventListener("click", async () => {
    let stream;
    try {
      // What makes a call pleasant spoils a recording.
      stream = await navigator.mediaDevices.getUserMedia({
        audio: { channelCount: 1, echoCancellation: false, noiseSuppression: false, autoGainControl: false },
      });
    } catch {
      state.textContent = state.dataset.refused;
      return;
    }
    const context = new AudioContext();
    await context.audioWorklet.addModule(worklet);
    const tap = new AudioWorkletNode(context, "tap");
    const blocks = [];
    let samples = 0;
    tap.port.onmessage = (message) => {
      if (!finish) return;
      blocks.push(message.data);
      samples += message.data.length;
      show(message.data, samples / context.sampleRate);
      if (samples / context.sampleRate >= Number(clock.dataset.longestS)) finish(state.dataset.full);
    };
    context.createMediaStreamSource(stream).connect(tap);
    state.textContent = state.dataset.recording;
    record.hidden = true;
    stop.hidden = false;
    stop.focus();
    document.getElementById("level-of-voice").hidden = false;
    finish = async (why) => {
      finish = null;
      unsent = true;
      for (const track of stream.getTracks()) track.stop();
      await context.close();
      const file = new File([wav(blocks, context.sampleRate)], "browser.wav", { type: "audio/wav" });
      const carried = new DataTransfer();
      carried.items.add(file);
      form.elements.recording.files = carried.files;
      form.elements.source.value = "browser";
      player.src = URL.createObjectURL(file);
      player.hidden = false;
      document.getElementById("level-of-voice").hidden = true;
      state.textContent = why;
      record.hidden = false;
      stop.hidden = true;
      document.getElementById("send").focus();
    };
  });
  stop.addEventListener("click", () => finish && finish(state.dataset.done));
  form.elements.recording.addEventListener("change", () => {
    form.elements.source.value = "uploaded";
    unsent = false;
  });
});

function wav(blocks, rate) {
  const length = blocks.reduce((sum, block) => sum + block.length, 0);
  const view = new DataView(new ArrayBuffer(44 + 2 * length));
  const text = (at, word) => [...word].forEach((c, i) => view.setUint8(at + i, c.charCodeAt(0)));
  text(0, "RIFF"); view.setUint32(4, 36 + 2 * length, true); text(8, "WAVEfmt ");
  view.setUint32(16, 16, true); view.setUint16(20, 1, true); view.setUint16(22, 1, true);
  view.setUint32(24, rate, true); view.setUint32(28, 2 * rate, true);
  view.setUint16(32, 2, true); view.setUint16(34, 16, true);
  text(36, "data"); view.setUint32(40, 2 * length, true);
  let at = 44;
  for (const block of blocks) {
    for (const sample of block) {
      view.setInt16(at, Math.max(-1, Math.min(1, sample)) * 32767, true);
      at += 2;
    }
  }
  return view.buffer;
}
