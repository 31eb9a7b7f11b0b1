// Recording goes on without a connection: the result is kept, and another task of the list can be recorded too.

import { cover } from "./list.js";
import { keepWaiting, showWaiting, waiting } from "./waiting.js";

function clear(form) {
  form.reset();
  form.querySelector("[name=token]").value = crypto.randomUUID();
}

function keepResult(form) {
  const { csrfmiddlewaretoken: _, ...said } = Object.fromEntries(new FormData(form));
  const { staff, result: customer } = form.dataset;
  const name = document.querySelector("[data-panel] h2").textContent.trim();
  const rows = waiting().filter((row) => row.said.token !== said.token);
  rows.push({ staff, customer, name, address: form.getAttribute("action"), said });
  keepWaiting(rows, staff);
  clear(form);
  cover(false);
  showWaiting();
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
  if (form) keepResult(form);
});

document.addEventListener("click", (event) => {
  const task = event.target.closest("[data-task]");
  const form = document.querySelector("[data-result]");
  if (task && form && !navigator.onLine) turnTo(task, form);
});

document.addEventListener("htmx:afterSwap", showWaiting);
showWaiting();
