// The keyboard of the Today page: 1–5 result, Enter saves, j/k next and previous, c calls, n notes.

import { step } from "./list.js";

function whileTyping(event, form) {
  if (event.key === "Enter" && event.target.matches("textarea") && !event.shiftKey) {
    event.preventDefault();
    form.requestSubmit();
  }
  if (event.key === "Escape") event.target.blur();
}

function command(event, form) {
  const outcome = form.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
  if (outcome) {
    outcome.checked = true;
    outcome.focus();
    event.preventDefault();
  } else if (event.key === "Enter" && form.querySelector("[name=outcome]:checked")) {
    event.preventDefault();
    form.requestSubmit();
  } else if (event.key === "j") {
    step(1);
  } else if (event.key === "k") {
    step(-1);
  } else if (event.key === "c") {
    document.querySelector("[data-act=call]")?.click();
  } else if (event.key === "n") {
    form.querySelector("[name=note]").focus();
    event.preventDefault();
  }
}

document.addEventListener("keydown", (event) => {
  const form = document.querySelector(".result");
  if (!form || event.ctrlKey || event.metaKey || event.altKey) return;
  const typing = event.target.matches("textarea, input:not([type=radio]), select");
  if (typing) whileTyping(event, form);
  else command(event, form);
});
