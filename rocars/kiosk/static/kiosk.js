// What a touch screen needs: keys to type with, a scanner that types, and to forget who has left.
// Every page works without it where a keyboard is attached.
"use strict";

const { idleMs, warningMs, root } = document.body.dataset;
const TOUCHED_EVERY_MS = 10000;

// --- the on-screen keyboard

const keypad = document.getElementById("keypad");
const fields = [...document.querySelectorAll("[data-keys]")];
let field = null;
let capitals = false;

function board(name) {
  for (const shown of keypad.querySelectorAll("[data-board]")) shown.hidden = shown.dataset.board !== name;
  keypad.hidden = false;
}

function setCapitals(wanted) {
  capitals = wanted;
  const shift = keypad.querySelector("[data-key=Shift]");
  shift.setAttribute("aria-pressed", String(wanted));
  for (const key of keypad.querySelectorAll("[data-board=text] [data-key]")) {
    if (/^[a-z]$/i.test(key.dataset.key)) {
      key.dataset.key = wanted ? key.dataset.key.toUpperCase() : key.dataset.key.toLowerCase();
      key.textContent = key.dataset.key;
    }
  }
}

function entered(each) {
  field = each;
  board(each.dataset.keys);
  each.scrollIntoView({ block: "center" });
}

for (const each of fields) {
  each.inputMode = "none"; // ours, and not that of the system
  each.addEventListener("focus", () => entered(each));
  if (each === document.activeElement) entered(each);
}

function type(text) {
  if (field.maxLength >= 0 && field.value.length >= field.maxLength) return;
  field.setRangeText(text, field.selectionStart, field.selectionEnd, "end");
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

function rubOut() {
  const from = field.selectionStart === field.selectionEnd ? Math.max(0, field.selectionStart - 1) : field.selectionStart;
  field.setRangeText("", from, field.selectionEnd, "end");
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

function next() {
  const after = fields[fields.indexOf(field) + 1];
  if (after && after.form === field.form && after.checkVisibility()) after.focus();
  else { keypad.hidden = true; field.form.querySelector("button:not([type=button])").focus(); }
}

// The field keeps the focus, and so the caret, when a key is touched.
keypad.addEventListener("pointerdown", (event) => event.preventDefault());
keypad.addEventListener("click", (event) => {
  const key = event.target.closest("[data-key]")?.dataset.key;
  if (!key || !field) return;
  if (key === "Backspace") rubOut();
  else if (key === "Next") { if ("scanned" in field.dataset) type("\n"); else next(); }
  else if (key === "Shift") setCapitals(!capitals);
  else if (key === "Signs") board("signs");
  else if (key === "Letters") board("text");
  else { type(key); if (capitals) setCapitals(false); }
});

// --- a scanner types digits and Enter, wherever the focus is

const scanned = document.querySelector("[data-scanned]");
let typed = "";
document.addEventListener("keydown", (event) => {
  if (!scanned || event.target.closest("input, textarea")) return;
  if (/^[0-9]$/.test(event.key)) typed += event.key;
  else if (event.key === "Enter" && typed) {
    event.preventDefault();
    scanned.value = `${scanned.value.trim()}\n${typed}\n`.trimStart();
    typed = "";
  } else typed = "";
});
// A code that ends with Enter in the field leaves the line ready for the next one by itself.

// --- one press is enough, and slips

document.addEventListener("submit", (event) => {
  if (event.target.dataset.sent) { event.preventDefault(); return; }
  event.target.dataset.sent = "yes";
});
document.querySelector("[data-print]")?.addEventListener("click", () => window.print());

// --- what is wrong is read first, then the page's name

const first = document.querySelector("main [role=alert]") ?? document.querySelector("main [autofocus]") ?? document.querySelector("h1");
if (!first.matches("input, textarea")) first.tabIndex = -1;
first.focus();

// --- whoever leaves is forgotten

const leaving = document.getElementById("leaving");
let touchedAt = Date.now();
let saidAt = Date.now();
let wiped = false;

async function wipe() {
  wiped = true;
  document.body.classList.add("wiped"); // at once, whatever the network does
  for (const form of document.forms) form.reset();
  for (;;) {
    try {
      await fetch(`${root}/end`, { method: "POST" });
      location.replace(`${root}/`);
      return;
    } catch {
      await new Promise((later) => setTimeout(later, 3000));
    }
  }
}

function touched() {
  if (wiped) return;
  touchedAt = Date.now();
  leaving.hidden = true;
  if (Number(idleMs) && touchedAt - saidAt >= TOUCHED_EVERY_MS) {
    saidAt = touchedAt;
    fetch(`${root}/here`, { method: "POST" }).catch(() => {});
  }
}

if (Number(idleMs)) {
  for (const name of ["pointerdown", "keydown", "input", "scroll", "focusin"]) {
    document.addEventListener(name, touched, { capture: true, passive: true });
  }
  document.getElementById("staying").addEventListener("click", touched);
  setInterval(() => {
    const idle = Date.now() - touchedAt;
    if (wiped) return;
    if (idle >= Number(idleMs)) wipe();
    else leaving.hidden = idle < Number(idleMs) - Number(warningMs);
  }, 500);
}
