// The Today page: the list, the keyboard, and results recorded without a connection.

import "./today/keyboard.js";
import "./today/offline.js";
import "./today/result.js";
import { choose, cover, filter, follow, step } from "./today/list.js";

// While a result is being saved nothing else is fetched into the panel: its answer needs the form that it came from.
let saving = false;

document.addEventListener("htmx:beforeSend", (event) => {
  if (event.detail.elt.matches("[data-result]")) saving = true;
});
// Of a form that is gone, htmx tells what is left around it.
document.addEventListener("htmx:afterRequest", (event) => {
  if (event.detail.requestConfig.elt.matches("[data-result]")) saving = false;
});
document.addEventListener("htmx:confirm", (event) => {
  if (saving && event.target.matches("[data-task], [data-result]")) event.preventDefault();
});

document.addEventListener("click", (event) => {
  const task = event.target.closest("[data-task]");
  if (task && !saving) {
    choose(task);
    cover(true);
  }
  const chip = event.target.closest("[data-chip]");
  if (chip) filter(chip.dataset.chip);
  const stepper = event.target.closest("[data-step]");
  if (stepper) step(Number(stepper.dataset.step));
  if (event.target.closest("[data-close]")) cover(false);
});

// The number that "Call" brought: a telephone dials it at once.
function dial() {
  const number = document.querySelector("[data-call]:not([data-called])");
  if (!number) return;
  number.dataset.called = "1";
  number.focus();
  if (matchMedia("(pointer: coarse)").matches) location.href = number.href;
}

let shown = document.querySelector("[data-panel]")?.dataset.panel;

document.addEventListener("htmx:afterSwap", (event) => {
  dial();
  const panel = document.querySelector("[data-panel]");
  if (event.target.id !== "panel" || !panel) return;
  // htmx keeps the focus in a field of the same name, which is another customer's now
  if (panel.dataset.panel !== shown && event.target.contains(document.activeElement)) event.target.focus();
  if (panel.dataset.panel !== shown) event.target.scrollTop = 0;
  shown = panel.dataset.panel;
});

// The list beside the panel comes with it, and is in place only now.
document.addEventListener("htmx:afterSettle", (event) => {
  const panel = document.querySelector("[data-panel]");
  if (event.target.id === "panel" && panel) follow(panel.dataset.panel);
});
