// The keyboard of the Today page: 1–5 result, Enter saves, j/k next and previous, c calls, n notes.

import { step } from "./list.js";
import { reschedule } from "./result.js";

const TYPED = "textarea, input:not([type=radio]), select";
const PRESSED = "a, button, summary";

function whileTyping(event, form) {
  if (event.key === "Escape") event.target.blur();
  if (event.key === "Enter" && !event.shiftKey && event.target === form.elements.note) {
    event.preventDefault();
    form.requestSubmit();
  }
}

function command(event, form) {
  const outcome = form.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
  if (outcome) {
    outcome.checked = true;
    outcome.focus();
    reschedule(outcome);
    event.preventDefault();
  } else if (event.key === "Enter" && !event.target.matches(PRESSED)) {
    event.preventDefault();
    form.requestSubmit();
  } else if (event.key === "c") {
    document.querySelector("[data-act=call]")?.click();
  } else if (event.key === "n") {
    form.elements.note.focus();
    event.preventDefault();
  }
}

document.addEventListener("keydown", (event) => {
  const form = document.querySelector(".result");
  if (!form || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
  const shown = form.getClientRects().length > 0;
  if (event.target.matches(TYPED)) whileTyping(event, form);
  else if (event.key === "j" || event.key === "k") step(event.key === "j" ? 1 : -1);
  else if (shown) command(event, form);
});
