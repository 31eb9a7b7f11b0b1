// The rows that wait, on every page: sent as soon as it is possible, and shown until then.
// A row is { number, at, address, htmx, fields: [[name, value]], label, page, typed, refused? }.

import { words } from "./page.js";
import { Held, Lost, post } from "./post.js";
import { fail, say, sayAll } from "./toasts.js";
import { canKeep, drop, keep, waiting } from "./vault.js";

const EVERY = 5000;

// Rows whose form still stands on this page, with its files: by number, the function that sends and shows it.
const here = new Map();

const TYPED = "textarea, input:not([type=hidden], [type=radio], [type=checkbox], [type=password], [type=file])";

// Rows that are nowhere but on this page: whoever leaves it is asked.
const only = new Set();

// What a person would look for in a row: the page's or the customer's name, and what was written.
export function rowOf(form, fields, number, more) {
  const typed = [...form.querySelectorAll(TYPED)].map((field) => field.value.trim()).filter(Boolean);
  return {
    number,
    at: Date.now(),
    address: new URL(form.getAttribute("action") || form.getAttribute("hx-post") || location.href, location.href).href,
    htmx: form.hasAttribute("hx-post"),
    fields,
    label: document.querySelector("main h1, main h2")?.textContent.trim().replace(/\s+/g, " ") ?? document.title,
    page: location.pathname + location.search,
    typed: typed.join(" · "),
    ...more,
  };
}

function refusedLine(row) {
  const line = document.createElement("li");
  const link = Object.assign(document.createElement("a"), { href: row.page, textContent: row.label });
  const remove = Object.assign(document.createElement("button"), {
    type: "button",
    className: "btn btn-sm ms-2",
    textContent: words.remove,
  });
  remove.addEventListener("click", async () => {
    await drop(row.number);
    await showWaiting();
  });
  const why = row.refused === "old" ? ` (${words.old})` : row.why ? ` (${row.why})` : "";
  line.append(`${words.refused} `, link, ` ${row.typed}${why}`, remove);
  return line;
}

export async function showWaiting() {
  const box = document.querySelector("#waiting");
  const rows = await waiting();
  const count = new Set([...rows.map((row) => row.number), ...here.keys()]).size;
  box.hidden = count === 0;
  box.querySelector("strong").textContent = count;
  box.querySelector("ul").replaceChildren(...rows.filter((row) => row.refused).map(refusedLine));
  document.dispatchEvent(new CustomEvent("weihu:waiting", { detail: rows.filter((row) => !row.refused) }));
}

// Keeps a row on the device if that is safe, and the way to send it from this page if its form stays.
export async function wait(row, again = null) {
  if (again) here.set(row.number, again);
  const files = row.fields.some(([, value]) => value instanceof File && value.name);
  const kept = canKeep() && !files && !row.secret;
  if (!kept) only.add(row.number);
  if (kept) await keep({ ...row, fields: row.fields.filter(([, value]) => !(value instanceof File)) });
  await showWaiting();
  return kept;
}

export async function arrived(number) {
  here.delete(number);
  only.delete(number);
  await drop(number);
  await showWaiting();
}

async function sendRow(row) {
  const answer = await post({ ...row, body: new URLSearchParams(row.fields) });
  if (answer.ok) {
    await drop(row.number);
    sayAll(answer.headers.get("X-Toasts"));
    say(answer.headers.get("X-Already") ? words.already : words.sent + row.label);
    return true;
  }
  const plain = answer.headers.get("Content-Type")?.startsWith("text/plain");
  await keep({ ...row, refused: answer.status, why: plain ? await answer.text() : "" });
  fail(`${words.refused} ${row.label}`);
  return false;
}

let sending = false;

// Sends what waits, oldest first; stops where there is no connection or nobody signs in.
export async function sendWaiting() {
  if (sending) return;
  sending = true;
  const sent = [];
  try {
    for (const [number, again] of [...here]) if (here.has(number)) await again();
    for (const row of await waiting())
      if (!row.refused && !here.has(row.number) && (await sendRow(row))) sent.push(row);
  } catch (error) {
    if (!(error instanceof Lost || error instanceof Held)) throw error;
    if (error instanceof Held) held = true;
  } finally {
    sending = false;
  }
  await showWaiting();
  if (sent.length) document.dispatchEvent(new CustomEvent("weihu:sent", { detail: sent }));
}

// Whoever has put the password off is asked again by the next thing that he or she sends, not by the clock.
let held = false;

export function hold(value) {
  held = value;
}

setInterval(async () => {
  const due = here.size || (await waiting()).some((row) => !row.refused);
  if (due && !held && navigator.onLine) await sendWaiting();
  // another tab may have sent what this page still says is waiting
  else if (!document.querySelector("#waiting").hidden) await showWaiting();
}, EVERY);
addEventListener("online", () => sendWaiting());
addEventListener("beforeunload", (event) => {
  if (only.size) event.preventDefault();
});
