// Results recorded without a connection wait on this device, for their writer only, until the server has them.
// A row is { staff, customer, name, address, said, refused? }; `said` are the fields of the form.

import { taskOf } from "./list.js";

const KEY = "weihu-waiting";

const stored = () => JSON.parse(localStorage.getItem(KEY) || "[]");

function writer() {
  return (document.querySelector("[data-result]") ?? document.body).dataset.staff;
}

export function waiting() {
  const staff = writer();
  return stored().filter((row) => row.staff === staff);
}

export function keepWaiting(rows, staff) {
  const others = stored().filter((row) => row.staff !== staff);
  localStorage.setItem(KEY, JSON.stringify([...others, ...rows]));
}

const without = (row) => waiting().filter((other) => other.said.token !== row.said.token);

function refusedLine(row, box) {
  const line = document.createElement("li");
  const link = Object.assign(document.createElement("a"), {
    href: `/today/${encodeURIComponent(row.customer)}/`,
    textContent: row.name,
  });
  const remove = Object.assign(document.createElement("button"), {
    type: "button",
    className: "btn btn-sm ms-2",
    textContent: box.dataset.remove,
  });
  remove.addEventListener("click", () => {
    keepWaiting(without(row), row.staff);
    showWaiting();
  });
  line.append(`${box.dataset.refused} `, link, ` ${row.said.note || ""}`, remove);
  return line;
}

export function showWaiting() {
  const box = document.querySelector("#waiting");
  if (!box) return;
  const rows = waiting();
  box.hidden = rows.length === 0;
  box.querySelector("strong").textContent = rows.length;
  const refused = rows.filter((row) => row.refused);
  box.querySelector("ul").replaceChildren(...refused.map((row) => refusedLine(row, box)));
  for (const row of rows.filter((row) => !row.refused)) taskOf(row.customer)?.classList.add("task-done");
}

function post(row) {
  const token = JSON.parse(document.body.getAttribute("hx-headers"))["X-CSRFToken"];
  return fetch(row.address, {
    method: "POST",
    body: new URLSearchParams(row.said),
    redirect: "manual",
    headers: { "X-CSRFToken": token, "HX-Request": "true" },
  });
}

// How many the server took. What it refuses stays here and is shown; when it asks for a new login, the rest waits.
async function sendRows() {
  let sent = 0;
  for (const row of waiting().filter((row) => !row.refused)) {
    const answer = await post(row);
    if (answer.type === "opaqueredirect") break;
    if (answer.ok) {
      keepWaiting(without(row), row.staff);
      sent += 1;
    } else {
      const refused = { ...row, refused: answer.status };
      keepWaiting(
        waiting().map((other) => (other.said.token === row.said.token ? refused : other)),
        row.staff,
      );
    }
  }
  return sent;
}

let sending = false;

export async function sendWaiting() {
  if (sending || !navigator.onLine) return;
  sending = true;
  let sent = 0;
  try {
    sent = await sendRows();
  } catch {
    // still no connection
  } finally {
    sending = false;
  }
  showWaiting();
  if (sent && document.querySelector("[data-panel]")) location.assign("/");
}
