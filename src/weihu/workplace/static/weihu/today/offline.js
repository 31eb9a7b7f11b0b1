// Recording goes on without a connection: the result is kept, and another task of the list can be recorded too.

import { unique, words } from "../sending/page.js";
import { fail } from "../sending/toasts.js";
import { rowOf, showWaiting, wait } from "../sending/waiting.js";
import { cover, taskOf } from "./list.js";

function clear(form) {
  form.reset();
  form.querySelector("[name=token]").value = unique();
}

async function keepResult(form, number) {
  const fields = [...new FormData(form)].filter(([name]) => name !== "csrfmiddlewaretoken");
  const customer = form.dataset.result;
  const row = rowOf(form, fields, number, {
    customer,
    htmx: true,
    label: document.querySelector("[data-panel] h2").textContent.trim().replace(/\s+/g, " "),
    page: `/today/${encodeURIComponent(customer)}/`,
  });
  clear(form);
  cover(false);
  fail((await wait(row)) ? words.lost : words.lostHere);
}

// The panel cannot be fetched, so the form of the last one is turned to the chosen customer.
function turnTo(task, form) {
  const customer = decodeURIComponent(new URL(task.href).pathname.split("/").filter(Boolean).at(-1));
  form.dataset.result = customer;
  const address = `/customers/${encodeURIComponent(customer)}/contacts/`;
  for (const name of ["action", "hx-post"]) form.setAttribute(name, address);
  clear(form);
  const panel = document.querySelector("[data-panel]");
  panel.querySelector("h2").textContent = task.querySelector(".task-name").textContent;
  panel.querySelector(".card-body").textContent = task.querySelector(".task-why").textContent;
  htmx.process(form);
}

document.addEventListener("htmx:sendError", (event) => {
  const form = event.target.closest("[data-result]");
  if (form) keepResult(form, event.detail.requestConfig.headers["X-Sending"]);
});

document.addEventListener("click", (event) => {
  const task = event.target.closest("[data-task]");
  const form = document.querySelector("[data-result]");
  if (task && form && !navigator.onLine) turnTo(task, form);
});

document.addEventListener("weihu:waiting", (event) => {
  for (const row of event.detail) if (row.customer) taskOf(row.customer)?.classList.add("task-done");
});

const untouched = (form) => [...form.querySelectorAll("textarea")].every((field) => field.value === field.defaultValue);

// What has been sent meanwhile is done in the list; what is being written is not disturbed.
document.addEventListener("weihu:sent", async (event) => {
  const form = document.querySelector("[data-result]");
  if (!form || !untouched(form) || !event.detail.some((row) => row.customer)) return;
  await htmx.ajax("GET", "/", { target: "#main", select: "#main > *", swap: "innerHTML" });
  history.replaceState(null, "", "/");
});

document.addEventListener("htmx:afterSwap", () => showWaiting());
