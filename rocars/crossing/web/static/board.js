// The board hears what to show; when it hears nothing for too long, it says that it is out of order.
"use strict";

const settings = document.body.dataset;
const texts = document.getElementById("texts");
const button = document.getElementById("turning");
let turning = !window.matchMedia("(prefers-reduced-motion: reduce)").matches;
let shown = 0;
let heardAt = performance.now();
let last = "";

function turn() {
  const languages = [...texts.children];
  shown = (shown + 1) % languages.length;
  languages.forEach((element, place) => element.classList.toggle("shown", place === shown));
}

function setTurning(wanted) {
  turning = wanted;
  texts.classList.toggle("turning", turning);
  button.setAttribute("aria-pressed", String(!turning));
}

function show(board) {
  settings.tone = board.tone;
  document.getElementById("plate").textContent = board.plate;
  document.getElementById("symbol").textContent = board.symbol;
  texts.replaceChildren(...board.texts.map((wording) => {
    const element = document.createElement("div");
    element.lang = wording.lang;
    for (const [name, text] of [["strong", wording.headline], ["span", wording.detail]]) {
      const part = document.createElement(name);
      part.textContent = text;
      element.append(part);
    }
    return element;
  }));
  shown = -1;
  turn();
  document.getElementById("said").textContent =
    [board.plate, ...board.texts.map((wording) => `${wording.headline} ${wording.detail}`)].join(" ");
}

function noteBeat() {
  heardAt = performance.now();
  setStale(false);
}

function setStale(stale) {
  document.body.classList.toggle("stale", stale);
  document.getElementById("stale").hidden = !stale;
  document.getElementById("instruction").hidden = stale;
}

function listen() {
  const source = new EventSource(settings.events);
  source.addEventListener("board", (event) => {
    if (event.data !== last) {
      last = event.data;
      show(JSON.parse(event.data));
    }
    noteBeat();
  });
  source.addEventListener("beat", noteBeat);
  source.addEventListener("error", () => {
    if (source.readyState === EventSource.CLOSED) setTimeout(listen, 1000); // refused: try again
  });
}

button.addEventListener("click", () => setTurning(!turning));
setTurning(turning);
shown = -1;
turn();
setInterval(() => { if (turning) turn(); }, Number(settings.turnMs));
setInterval(() => {
  if (performance.now() - heardAt > Number(settings.staleMs)) setStale(true);
}, 250);
listen();
