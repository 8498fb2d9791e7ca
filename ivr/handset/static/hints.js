// Which keys answer the question that is open: a list beside the keypad, and marks on its keys.
import { say } from "./words.js";

const shown = document.getElementById("possible"), choices = document.getElementById("choices");
const digits = document.getElementById("digits");

export function showHints(expected, language) {
  const asked = expected?.choices.length || expected?.most;
  shown.hidden = !asked;
  if (!asked) return mark("");
  digits.textContent = expected.most ? sayDigits(expected) : "";
  choices.lang = language ?? "";
  choices.replaceChildren(...expected.choices.flatMap(row));
  mark(expected.choices.map(({ key }) => key).join("") || keysOf(expected));
}

export function hideHints() { showHints(null); }

function sayDigits({ fewest, most, hash_alone: alone }) {
  const count = say(fewest === most ? "hint.digits" : "hint.digits_to", { fewest, most });
  return alone ? `${count} ${say("hint.hash")}` : count;
}

function keysOf({ fewest, most, hash_alone: alone }) {
  return alone || fewest < most ? "0123456789#" : "0123456789";
}

function row({ key, text }) {
  const name = document.createElement("dt"), words = document.createElement("dd");
  name.textContent = key;
  words.textContent = text;
  return [name, words];
}

function mark(keys) {
  for (const button of document.querySelectorAll("[data-key]")) {
    button.classList.toggle("possible", keys.includes(button.dataset.key));
  }
}
