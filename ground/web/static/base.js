// Small things that make the pages quicker; every page works without them but for recording.
"use strict";

document.addEventListener("submit", (event) => {
  const question = event.target.dataset.confirm;
  if (question && !window.confirm(question)) event.preventDefault();
});

// A page that shows what is going on must say so when it does not any more.
const silent = () => document.getElementById("silent");
for (const name of ["htmx:sendError", "htmx:responseError", "htmx:timeout"]) {
  document.addEventListener(name, () => { if (silent()) silent().hidden = false; });
}
document.addEventListener("htmx:afterSwap", () => { if (silent()) silent().hidden = true; });

// Once is enough: a second press of the button sends nothing.
document.addEventListener("submit", (event) => {
  if (event.defaultPrevented || event.target.target === "_blank") return;
  if (event.target.dataset.sent) { event.preventDefault(); return; }
  event.target.dataset.sent = "yes";
});
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});

// Text that somebody is marking stays marked: the page waits with what is new.
document.addEventListener("htmx:beforeSwap", (event) => {
  const marked = document.getSelection();
  if (marked && !marked.isCollapsed && event.detail.target.contains(marked.anchorNode)) event.detail.shouldSwap = false;
});

// A file that is too large is said before it is sent, so that nothing typed is lost.
document.addEventListener("change", (event) => {
  const field = event.target, largest = Number(field.dataset.largestMb) * 1e6;
  if (!largest || !field.files) return;
  const bytes = [...field.files].reduce((sum, file) => sum + file.size, 0);
  field.setCustomValidity(bytes > largest ? field.dataset.tooLarge : "");
  field.reportValidity();
});

// On a telephone a table is shown as cards, each value under the heading of its column.
function label() {
  for (const table of document.querySelectorAll("table.cards")) {
    const headings = [...table.querySelectorAll("thead th")].map((cell) => cell.textContent.trim());
    for (const row of table.querySelectorAll("tr")) {
      if (row.parentElement.tagName === "THEAD") continue;
      [...row.cells].forEach((cell, at) => { if (cell.colSpan === 1 && headings[at]) cell.dataset.label = headings[at]; });
    }
  }
}
document.addEventListener("DOMContentLoaded", label);
document.addEventListener("htmx:afterSwap", label);

// What somebody has opened stays open when its part of the page is replaced.
const opened = new Set();
document.addEventListener("toggle", (event) => {
  const id = event.target.id;
  if (!id) return;
  if (event.target.open) opened.add(id); else opened.delete(id);
}, true);
document.addEventListener("htmx:afterSettle", () => {
  for (const id of opened) {
    const element = document.getElementById(id);
    if (element) element.open = true;
  }
});

// Pages in another language are other pages: what was typed goes along, but for secrets and files.
const TYPED = "typed before the language changed";
const NOT_KEPT = ["hidden", "password", "file", "submit", "button"];
const typed = () => [...document.querySelectorAll("main form")].flatMap((form) => [...form.elements]).filter(
  (field) => field.name && !NOT_KEPT.includes(field.type) && field.autocomplete !== "one-time-code");
document.addEventListener("submit", (event) => {
  if (!(event.target.getAttribute("action") || "").endsWith("/language")) return;
  const kept = typed().map((field) => [field.name, field.value, field.checked]);
  sessionStorage.setItem(TYPED, JSON.stringify(kept));
});
document.addEventListener("DOMContentLoaded", () => {
  const kept = JSON.parse(sessionStorage.getItem(TYPED) || "[]"), fields = typed();
  sessionStorage.removeItem(TYPED);
  if (kept.length !== fields.length || fields.some((field, at) => field.name !== kept[at][0])) return;
  fields.forEach((field, at) => {
    if (field.type === "checkbox" || field.type === "radio") field.checked = kept[at][2];
    else field.value = kept[at][1];
  });
});
