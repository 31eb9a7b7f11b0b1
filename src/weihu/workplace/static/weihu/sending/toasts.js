// Toasts: what was done, or why not. They close by themselves, but not while somebody is at them; a failure stays.

import { words } from "./page.js";

const AFTER = 4000;
const AFTER_UNDO = 10000;

const place = () => document.querySelector("#toasts");

function icon(name) {
  const mark = Object.assign(document.createElement("i"), { className: `ti ti-${name}` });
  mark.setAttribute("aria-hidden", "true");
  return mark;
}

function undoForm({ address, fields }) {
  const form = Object.assign(document.createElement("form"), { method: "post", action: address });
  for (const [name, value] of Object.entries(fields))
    form.append(Object.assign(document.createElement("input"), { type: "hidden", name, value }));
  const button = Object.assign(document.createElement("button"), { className: "btn btn-sm" });
  button.append(icon("arrow-back-up"), words.undo);
  form.append(button);
  return form;
}

export function say(text, { fault = false, undo = null } = {}) {
  const toast = Object.assign(document.createElement("div"), { className: "toast-note" });
  toast.dataset.toast = "";
  if (fault) {
    toast.classList.add("toast-fault");
    toast.setAttribute("role", "alert");
  }
  const close = Object.assign(document.createElement("button"), { type: "button", className: "btn-close" });
  close.dataset.closeToast = "";
  close.setAttribute("aria-label", words.close);
  const said = Object.assign(document.createElement("span"), { textContent: text });
  toast.append(icon(fault ? "alert-triangle" : "circle-check"), said);
  if (undo) toast.append(undoForm(undo));
  toast.append(close);
  place().append(toast);
}

// The same failure is said once, however often it comes.
export function fail(text) {
  for (const toast of place().querySelectorAll(".toast-fault"))
    if (toast.querySelector("span").textContent === text) toast.remove();
  say(text, { fault: true });
}

// What an answer's head brings.
export function sayAll(header) {
  for (const { text, undo } of JSON.parse(header || "[]")) say(text, { undo });
}

function closeInTime(toast) {
  if (toast.classList.contains("toast-fault")) return;
  let timer = 0;
  const stop = () => clearTimeout(timer);
  const start = () => {
    stop();
    timer = setTimeout(() => toast.remove(), toast.querySelector("form") ? AFTER_UNDO : AFTER);
  };
  for (const name of ["pointerenter", "focusin"]) toast.addEventListener(name, stop);
  for (const name of ["pointerleave", "focusout"]) toast.addEventListener(name, start);
  start();
}

new MutationObserver((changes) => {
  for (const change of changes)
    for (const node of change.addedNodes) if (node.matches?.("[data-toast]")) closeInTime(node);
}).observe(place(), { childList: true });

place().querySelectorAll("[data-toast]").forEach(closeInTime);

document.addEventListener("click", (event) => {
  event.target.closest("[data-close-toast]")?.closest("[data-toast]").remove();
});

// What was taken back needs its toast no more.
document.addEventListener("htmx:afterRequest", (event) => {
  event.detail.requestConfig.elt.closest("[data-toast]")?.remove();
});
