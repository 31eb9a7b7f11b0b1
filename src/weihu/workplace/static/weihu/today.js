// The Today page: the list, the keyboard, and results recorded without a connection.

import "./today/keyboard.js";
import "./today/offline.js";
import { choose, step, taskOf } from "./today/list.js";

document.addEventListener("click", (event) => {
  const task = event.target.closest("[data-task]");
  if (task) choose(task);
  const stepper = event.target.closest("[data-step]");
  if (stepper) step(Number(stepper.dataset.step));
});

// The number that "Call" brought: a telephone dials it at once.
function dial() {
  const number = document.querySelector("[data-call]:not([data-called])");
  if (!number) return;
  number.dataset.called = "1";
  number.focus();
  if (matchMedia("(pointer: coarse)").matches) location.href = number.href;
}

document.addEventListener("htmx:afterSwap", (event) => {
  dial();
  const panel = document.querySelector("[data-panel]");
  if (event.target.id !== "panel" || !panel) return;
  if (matchMedia("(max-width: 767px)").matches) event.target.scrollIntoView({ block: "start" });
  choose(taskOf(panel.dataset.panel));
});
