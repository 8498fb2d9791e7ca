// Demonstration drivers with the codes of now, and cargo that is free; a press keys them.
import { say } from "./words.js";

const drivers = document.getElementById("drivers"), cargo = document.getElementById("cargo");
const ends = new Map(); // when the code of a driver is another, by user ID

export function showTrial(trial, { press, callFrom }) {
  rows(drivers, "driver", trial.drivers, (row, driver) => {
    show(row, "name", driver.name);
    show(row, "language", say(`language.${driver.language}`));
    show(row, "vehicles", driver.vehicles.join(", "));
    for (const name of ["user_id", "pin", "code"]) {
      keys(row, name, driver[name], say(`driver.${name}`, { value: driver[name] }), press);
    }
    const from = row.querySelector("[data-from]");
    from.hidden = !driver.phone;
    write(from, say("driver.phone", { value: driver.phone }));
    from.onclick = () => callFrom(driver.phone);
    row.dataset.driver = driver.user_id;
    ends.set(driver.user_id, driver.valid_ms === null ? null : performance.now() + driver.valid_ms);
  });
  rows(cargo, "lot", trial.cargo, (row, lot) => {
    keys(row, "ccrn", `${lot.ccrn}#`, say("cargo.key", { value: lot.ccrn }), press);
    show(row, "how", `${say(`cargo.${lot.direction}`)}, ${say(lot.at_once ? "cargo.at_once" : "cargo.later")}`);
  });
  count();
}

// Rows stay where they are and only their words change: a press must not miss its button.
function rows(list, template, items, fill) {
  const made = document.getElementById(template).content;
  while (list.children.length < items.length) list.append(made.cloneNode(true));
  while (list.children.length > items.length) list.lastElementChild.remove();
  items.forEach((item, at) => fill(list.children[at], item));
}

function keys(row, name, value, label, press) {
  const button = row.querySelector(`[data-keys=${name}]`);
  write(button, value);
  button.setAttribute("aria-label", label);
  button.onclick = () => press(value);
}

function show(row, name, text) { write(row.querySelector(`[data-shows=${name}]`), text); }

function write(element, text) { if (element.textContent !== text) element.textContent = text; }

function count() {
  for (const row of drivers.children) {
    const end = ends.get(row.dataset.driver);
    const seconds = Math.max(0, Math.ceil((end - performance.now()) / 1000));
    show(row, "left", end === null ? say("driver.unused") : say("driver.valid", { seconds }));
  }
}

if (drivers) setInterval(count, 250);
