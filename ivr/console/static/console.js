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
