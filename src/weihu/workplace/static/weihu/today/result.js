// The result of a contact: another time suggests a day, and on a phone a tap saves.

import { isPhone } from "./list.js";

// "Another time" goes on to its date, with the next open day filled in.
export function reschedule(outcome) {
  const day = outcome.form.elements.follow_up_on;
  if (outcome.value !== "rescheduled") return false;
  if (!day.value) day.value = day.dataset.next;
  day.focus();
  return true;
}

// A click on a radio button itself is the keyboard's, or the browser's echo of one on its label.
document.addEventListener("click", (event) => {
  if (event.target.matches("input")) return;
  const outcome = event.target.closest(".outcome")?.querySelector("input");
  if (!outcome) return;
  event.preventDefault();
  outcome.checked = true;
  outcome.focus();
  if (!reschedule(outcome) && isPhone()) outcome.form.requestSubmit();
});
