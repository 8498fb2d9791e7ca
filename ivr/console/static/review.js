// Reviewing by keyboard: hear, accept, next, from page to page. Every button works without it.
"use strict";

window.addEventListener("DOMContentLoaded", () => {
  const rows = [...document.querySelectorAll("#review tr[data-version]")];
  const status = document.getElementById("review-told");
  const speed = document.getElementById("speed");
  const ON = "#on";  // the page before was gone through to its end
  let at = -1;

  speed.value = sessionStorage.getItem("review-speed") || "1";
  speed.addEventListener("change", () => sessionStorage.setItem("review-speed", speed.value));
  document.getElementById("speed-of-review").hidden = false;

  function play() {
    for (const audio of document.querySelectorAll("#review audio")) audio.pause();
    const audio = rows[at] && rows[at].querySelector("audio");
    if (!audio) return;
    audio.currentTime = 0;
    audio.playbackRate = Number(speed.value);
    audio.play().catch(() => {});
    const next = rows[at + 1] && rows[at + 1].querySelector("audio");
    if (next) next.preload = "auto";
  }

  function go(to) {
    if (to >= rows.length) {
      const next = document.querySelector("a[rel=next]");
      if (next) location.assign(next.href + ON);
      return false;
    }
    at = Math.max(0, to);
    rows[at].focus();
    rows[at].scrollIntoView({ block: "nearest" });
    return true;
  }

  function say(text, bad) {
    status.textContent = text;
    status.hidden = false;
    status.classList.toggle("bad", bad);
  }

  async function accept() {
    const row = rows[at];
    const form = row && row.querySelector("form:has(button.accept)");
    if (!form || form.dataset.sent) return;
    form.dataset.sent = "yes";
    let answer;
    try {
      answer = await fetch(form.action, {
        method: "POST", body: new URLSearchParams(new FormData(form)), headers: { Accept: "application/json" },
      });
    } catch {
      answer = null;
    }
    const type = answer ? answer.headers.get("Content-Type") || "" : "";
    if (!type.startsWith("application/json")) {  // logged out, or the console is away: the page says why
      delete form.dataset.sent;
      form.submit();
      return;
    }
    const outcome = (await answer.json()).told;
    say(outcome, !answer.ok);
    row.querySelector(".state").textContent = outcome;
    form.remove();
    if (answer.ok) row.classList.add("done");
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.target.closest("input, select, textarea")) return;
    const key = event.key.toLowerCase();
    if (key === "j") { go(at + 1); play(); }
    else if (key === "k") { go(at - 1); play(); }
    else if (key === "p") { if (at < 0) go(0); play(); }
    else if (key === "a" && at >= 0) {
      const accepted = accept();
      if (at + 1 < rows.length) { go(at + 1); play(); } else accepted.then(() => go(rows.length));
    }
    else if (key === "d" && at >= 0) { const away = rows[at].querySelector("button.away"); if (away) away.click(); }
    else return;
    event.preventDefault();
  });
  for (const row of rows) row.addEventListener("focusin", () => { at = rows.indexOf(row); });
  if (location.hash === ON && rows.length) { go(0); play(); }
});
