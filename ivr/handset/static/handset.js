// The handset of the page: buttons and keys to the line, what happens on the line to the page.
import { Earpiece } from "./earpiece.js";
import { hideHints, showHints } from "./hints.js";
import { Line } from "./line.js";
import { Microphone } from "./microphone.js";
import { showTrial } from "./trial.js";
import { Transcript, writtenAs } from "./transcript.js";
import { say } from "./words.js";

const find = (id) => document.getElementById(id);
const save = find("save");
const form = find("call"), place = find("place"), hangUp = find("hang-up");
const state = find("state"), display = find("display");
const earpiece = new Earpiece((ms) => { find("delay").textContent = say("sound.delay", { ms }); });
const microphone = new Microphone((level) => { find("level").value = level; });
const transcript = new Transcript(find("transcript"), find("ladder"));
const line = new Line(find("telephone").dataset);
const SAVED_AFTER_MS = 10000; // a browser may begin to save a little later
let inCall = false;
// Whether keys are shown as dots: also while it is not known what is asked next, it may be a PIN.
let secret = true;

// The call

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (inCall) return;
  const { number, caller, language, drafts } = form.elements;
  calling(true);
  transcript.clear();
  save.hidden = true;
  asked("", true);
  // A browser lets a page sound from a press on, so the earpiece is opened by this one.
  const audible = await earpiece.open();
  if (!audible) transcript.remark(say("sound.none"));
  const sent = line.wish({
    do: "call", number: number.value, caller: caller.value, language: language.value || null,
    drafts: Boolean(drafts?.checked),
  });
  if (!sent) away();
});

hangUp.addEventListener("click", () => line.wish({ do: "hang_up" }));

function calling(now) {
  inCall = now;
  place.hidden = now;
  hangUp.hidden = !now;
  if (now) hangUp.focus();
  else if (document.activeElement === hangUp || document.activeElement === document.body) place.focus();
  if (now) return;
  earpiece.rest();
  hideHints();
}

line.addEventListener("state", ({ detail }) => {
  const over = detail.state === "over" || detail.state === "not_placed";
  state.textContent = over ? whyOver(detail) : say(`state.${detail.state}`);
  if (over) calling(false);
});

function whyOver({ why, status }) {
  if (why === "rejected" && status === 503) return say("why.busy");
  return say(`why.${why}`, { status }) ?? say("why.other", { why });
}

function away() {
  state.textContent = say("state.away");
  if (inCall) calling(false);
}

line.addEventListener("away", away);
line.addEventListener("back", () => { state.textContent = say("state.back"); });

// The call as a test

save.addEventListener("click", () => line.wish({ do: "save" }));
line.addEventListener("written", () => { save.hidden = false; });
line.addEventListener("scenario", ({ detail }) => {
  if (detail.why) {
    state.textContent = say("test.not_made", detail);
    return;
  }
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([detail.text], { type: "application/yaml" }));
  link.download = detail.file;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), SAVED_AFTER_MS);
  state.textContent = say("test.saved", detail);
});

// Keys

function press(keys) {
  if (!inCall) return;
  line.wish({ do: "keys", keys });
  display.textContent = (display.textContent + (secret ? "•".repeat(keys.length) : keys)).slice(-24);
}

for (const button of document.querySelectorAll("[data-key]")) {
  button.addEventListener("click", () => press(button.dataset.key));
}

document.addEventListener("keydown", (event) => {
  if (!find("typed").checked || event.ctrlKey || event.altKey || event.metaKey || event.repeat) return;
  if (event.target.matches?.("input:not([type=checkbox]), select, textarea")) return;
  if (!/^[0-9*#]$/.test(event.key)) return;
  event.preventDefault();
  press(event.key);
  const button = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
  button.classList.add("pressed");
  setTimeout(() => button.classList.remove("pressed"), 150);
});

// What happens

line.addEventListener("step", ({ detail }) => {
  transcript.add(detail);
  if (detail.step === "answered") {
    hideHints();
    secret = true;
  }
  if (detail.step !== "asked") return;
  showHints(detail.expects, writtenAs[detail.language]);
  asked(detail.name, detail.secret);
});

function asked(question, isSecret) {
  secret = isSecret;
  display.dataset.question = question;
  display.textContent = "";
}

line.addEventListener("sip", ({ detail }) => transcript.addMessage(detail));
line.addEventListener("trial", ({ detail }) => showTrial(detail, { press, callFrom }));

function callFrom(number) {
  form.elements.caller.value = number;
  form.querySelector("details").open = true;
  form.elements.caller.focus();
}

// Sound

line.addEventListener("sound", ({ detail }) => earpiece.play(detail));

find("microphone").addEventListener("click", async () => {
  const button = find("microphone");
  if (microphone.on) {
    await microphone.close();
    state.textContent = say("sound.off");
  } else {
    const opened = await microphone.open((frame) => { if (inCall) line.sound(frame); });
    state.textContent = say(opened ? "sound.on" : "sound.refused");
  }
  button.setAttribute("aria-pressed", String(microphone.on));
});
