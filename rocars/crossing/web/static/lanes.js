// The table of lanes is fetched anew when something has changed in one of them.
"use strict";

window.addEventListener("DOMContentLoaded", () => {
  const now = document.getElementById("now");
  if (!now) return;
  let heardAt = performance.now();
  const noteBeat = () => { heardAt = performance.now(); document.getElementById("silent").hidden = true; };
  const listen = () => {
    const source = new EventSource(now.dataset.events);
    source.addEventListener("beat", noteBeat);
    source.addEventListener("board", () => {
      noteBeat();
      window.htmx.ajax("GET", now.dataset.table, "#now");
    });
    source.addEventListener("error", () => {
      if (source.readyState === EventSource.CLOSED) setTimeout(listen, 1000);
    });
  };
  setInterval(() => {
    const silent = performance.now() - heardAt > Number(now.dataset.staleMs);
    if (silent) document.getElementById("silent").hidden = false;
  }, 250);
  listen();
});
