// Warns before the session ends. To press "Stay logged in" is use of the session; to ask how long it lasts is none.
"use strict";

(() => {
  const box = document.getElementById("session");
  if (!box) return;
  const timer = box.querySelector("[role=timer]"), status = box.querySelector("[role=status]");
  const form = box.querySelector("form");
  const SAID_AT = [60, 20]; // seconds left; read out by a screen reader
  const ASKED_EVERY_S = 15; // while the warning is open: it may have been answered in another window
  let warn = Number(box.dataset.warnS), prolongable = box.dataset.prolongable === "yes";
  let ends = Date.now() + Number(box.dataset.leftS) * 1000;
  let asking = false, dismissed = false, over = false, asked = 0, announced = Infinity;

  const left = () => Math.max(0, Math.ceil((ends - Date.now()) / 1000));
  const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;

  function take(answer) {
    ends = Date.now() + answer.left_s * 1000;
    warn = answer.warn_s;
    prolongable = answer.prolongable;
    if (left() > warn) { dismissed = false; announced = Infinity; if (box.open) box.close(); }
  }

  // Without an answer our own reckoning goes on; whoever is sent to the log-in page is out.
  async function ask(options = {}) {
    asking = true;
    asked = Date.now();
    try {
      const answer = await fetch("/session", { ...options, redirect: "manual" });
      if (answer.ok) take(await answer.json());
      else if (answer.type === "opaqueredirect" || answer.status === 403) ends = Date.now();
    } catch { /* the network is away */ } finally { asking = false; }
  }

  function show() {
    over = left() === 0;
    const now = over ? "over" : prolongable ? "idle" : "longest";
    const before = box.dataset.shows;
    box.dataset.shows = now; // what is pressed first has the focus, once
    for (const part of box.querySelectorAll("[data-when]")) part.hidden = !part.dataset.when.split(" ").includes(now);
    const time = clock(left());
    timer.textContent = over ? "" : timer.dataset.left.replace("{time}", time);
    const due = SAID_AT.find((at) => left() <= at && announced > at && left() > at - 10);
    if (over) status.textContent = "";
    else if (due) { announced = due; status.textContent = timer.textContent; }
    if (!box.open) box.showModal();
    const first = [...box.querySelectorAll("button")].find((button) => !button.closest("[hidden]"));
    if (first && now !== before) first.focus();
  }

  async function look() {
    if (asking || over || left() > warn) return;
    const overdue = !asked || Date.now() - asked > ASKED_EVERY_S * 1000;
    if (overdue || left() === 0) await ask();
    if (left() > warn || (dismissed && left() > 0)) return;
    show();
  }

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    await ask({ method: "POST", body: new URLSearchParams(new FormData(form)) });
    look();
  });
  for (const button of box.querySelectorAll("[data-close]")) button.addEventListener("click", () => box.close());
  box.addEventListener("close", () => { dismissed = left() <= warn; });
  setInterval(look, 1000);
})();
