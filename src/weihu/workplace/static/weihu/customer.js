// A customer's page: keys, tabs by arrows, the quick note, a fact filled in where it stands.

const TYPED = "textarea, select, input:not([type=radio], [type=checkbox])";

function move(tab, by) {
  const tabs = [...document.querySelectorAll("[role=tab]")];
  tabs[(tabs.indexOf(tab) + by + tabs.length) % tabs.length].focus();
}

// "Another time" needs a date: it shows with the next open day filled in.
function reschedule(form) {
  const chosen = form.querySelector("[name=outcome]:checked")?.value === "rescheduled";
  const day = form.elements.follow_up_on;
  if (chosen && !day.value) day.value = day.dataset.next;
  if (!chosen) day.value = "";
}

function writeNote() {
  const words = document.querySelector("#id_note");
  words?.scrollIntoView({ block: "center" });
  words?.focus();
  return Boolean(words);
}

function whileTyping(event) {
  const inline = event.target.closest(".fact-form");
  if (event.key === "Escape" && inline) inline.querySelector("[data-cancel]").click();
  else if (event.key === "Escape") event.target.blur();
  else if (event.key === "Enter" && !event.shiftKey && event.target.matches("#id_note")) {
    event.preventDefault();
    event.target.form.requestSubmit();
  }
}

function command(event) {
  const turn = { j: 1, k: -1 }[event.key];
  if (turn) document.querySelector(`[data-turn="${turn}"]`)?.click();
  if (event.key === "c") document.querySelector("[data-act=call]")?.click();
  if (event.key === "n") {
    event.preventDefault();
    if (!writeNote()) document.querySelector("[data-note]")?.click();
  }
  const arrow = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (arrow && event.target.matches("[role=tab]")) move(event.target, arrow);
  if (event.key === "Escape") event.target.closest(".fact-form")?.querySelector("[data-cancel]").click();
}

document.addEventListener("keydown", (event) => {
  if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.matches(TYPED)) whileTyping(event);
  else command(event);
});

document.addEventListener("change", (event) => {
  if (event.target.matches(".quick-note [name=outcome]")) reschedule(event.target.form);
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-note]") && writeNote()) event.preventDefault();
  for (const box of document.querySelectorAll(".person-head .act[open]")) {
    if (!box.contains(event.target)) box.open = false;
  }
});

// An address that names a box of the head opens it.
function openBox() {
  const box = location.hash && document.querySelector(`.person-head details${location.hash}`);
  if (!box) return;
  box.open = true;
  box.querySelector("input:not([type=hidden])").focus();
}

// The number that "Call" brought: a telephone dials it at once.
document.addEventListener("htmx:afterSwap", () => {
  const number = document.querySelector("[data-call]:not([data-called])");
  if (!number) return;
  number.dataset.called = "1";
  number.focus();
  if (matchMedia("(pointer: coarse)").matches) location.href = number.href;
});

addEventListener("hashchange", openBox);
openBox();
