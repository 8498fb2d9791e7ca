// What is said and understood in the call, and its SIP messages.
import { say } from "./words.js";

export const writtenAs = JSON.parse(document.getElementById("telephone").dataset.writtenAs);

export class Transcript {
  #list;
  #ladder;

  constructor(list, ladder) {
    this.#list = list;
    this.#ladder = ladder;
  }

  clear() {
    this.#list.replaceChildren();
    this.#ladder.replaceChildren();
  }

  // One step of the trace.
  add(step) {
    const percent = Math.round((step.confidence ?? 0) * 100);
    switch (step.step) {
      case "said": case "asked":
        if (step.text) this.#entry("service", step.text, writtenAs[step.language]);
        break;
      case "answered": {
        const how = step.mode !== "speech" ? "key" : step.confidence === null ? "speech.secret" : "speech";
        this.#entry("caller", say(`step.${how}`, { ...step, percent }));
        break;
      }
      case "back_end":
        this.#entry("rocars", say("step.back_end", step));
        break;
      default:
        this.#entry("caller", say(`step.${step.step}`, step));
    }
  }

  remark(text) { this.#entry("service", text); }

  addMessage({ after_ms: after, to_service: there, title, text }) {
    const entry = document.createElement("li"), more = document.createElement("details");
    const summary = document.createElement("summary"), whole = document.createElement("pre");
    summary.textContent = `${after} ms ${there ? "→" : "←"} ${title}`;
    whole.textContent = text;
    more.append(summary, whole);
    entry.append(more);
    this.#ladder.append(entry);
  }

  #entry(who, text, language) {
    if (!text) return;
    const entry = document.createElement("li"), name = document.createElement("strong");
    const words = document.createElement("span");
    entry.className = who;
    name.textContent = say(`who.${who}`);
    words.textContent = text;
    if (language) words.lang = language;
    entry.append(name, " ", words);
    this.#list.append(entry);
    this.#list.scrollTop = this.#list.scrollHeight;
  }
}
