// Every form that is posted: the page stays until the server has answered, so nothing that was typed can be lost.

import { agreed, ask } from "./ask.js";
import { unique, words } from "./page.js";
import { Held, Lost, post } from "./post.js";
import { show } from "./show.js";
import { fail } from "./toasts.js";
import { forget, waiting } from "./vault.js";
import { arrived, hold, rowOf, wait } from "./waiting.js";

const numbers = new WeakMap();

function entries(form, submitter) {
  return [...new FormData(form, submitter)].filter(([name]) => name !== "csrfmiddlewaretoken");
}

function contentOf(fields) {
  return JSON.stringify(fields.map(([name, value]) => [name, value instanceof File ? value.name + value.size : value]));
}

// The number of what a form says now: the same until it is answered or says something else.
export function numberOf(form, fields) {
  const content = contentOf(fields);
  if (numbers.get(form)?.content !== content) numbers.set(form, { content, number: unique() });
  return numbers.get(form).number;
}

export function answered(form) {
  numbers.delete(form);
}

function bodyOf(form, fields) {
  const files = form.enctype === "multipart/form-data";
  const body = files ? new FormData() : new URLSearchParams();
  for (const [name, value] of fields) body.append(name, value);
  return body;
}

const addressOf = (form, submitter) =>
  submitter?.getAttribute("formaction") || form.getAttribute("action") || location.href;

async function send(form, submitter) {
  forgetRefusal(form);
  const fields = entries(form, submitter);
  const secret = Boolean(form.querySelector("[type=password]"));
  const number = secret ? "" : numberOf(form, fields);
  const sending = { address: addressOf(form, submitter), body: bodyOf(form, fields), number };
  try {
    const answer = await post(sending);
    answered(form);
    if (number) await arrived(number);
    if (!(await refused(form, answer))) await show(answer);
  } catch (error) {
    await notSent(error, form, submitter, fields, number || unique(), secret);
  }
}

// What is wrong with one field is said below it.
async function refused(form, answer) {
  const field = form.elements[answer.headers.get("X-Field") ?? ""];
  if (!(field instanceof HTMLElement) || field.type === "hidden") return false;
  const said = Object.assign(document.createElement("div"), { className: "text-danger small", id: unique() });
  said.dataset.refused = "";
  said.setAttribute("role", "alert");
  said.textContent = await answer.text();
  field.after(said);
  field.setAttribute("aria-invalid", "true");
  field.setAttribute("aria-describedby", said.id);
  field.focus();
  return true;
}

function forgetRefusal(form) {
  for (const said of form.querySelectorAll("[data-refused]")) {
    const field = form.querySelector(`[aria-describedby="${said.id}"]`);
    field?.removeAttribute("aria-invalid");
    field?.removeAttribute("aria-describedby");
    said.remove();
  }
}

async function notSent(error, form, submitter, fields, number, secret) {
  if (!(error instanceof Lost || error instanceof Held)) throw error;
  hold(error instanceof Held);
  const retry = () => (form.isConnected ? press(form, submitter) : undefined);
  const kept = await wait(rowOf(form, fields, number, { address: addressOf(form, submitter), secret }), retry);
  const [safe, here] = error instanceof Held ? [words.later, words.laterHere] : [words.lost, words.lostHere];
  fail(kept ? safe : here);
}

async function press(form, submitter) {
  if (form.getAttribute("aria-busy") === "true") return;
  form.setAttribute("aria-busy", "true");
  try {
    await send(form, submitter);
  } finally {
    form.removeAttribute("aria-busy");
  }
}

// Signing out ends the key of what waits: whoever has something waiting is asked.
async function signOut(form) {
  const count = (await waiting()).length;
  if (count && !(await ask(words.leave.replace("%(count)s", count)))) return;
  await forget();
  form.submit();
}

document.addEventListener("submit", async (event) => {
  const { target: form, submitter } = event;
  if (event.defaultPrevented || form.method !== "post" || form.hasAttribute("hx-post")) return;
  event.preventDefault();
  hold(false);
  if (new URL(form.action).pathname === "/logout/") await signOut(form);
  else if (await agreed(form, submitter)) await press(form, submitter);
});

// What has to be filled in is said in the page's language, whatever the browser's own.
const asked = new Set();

document.addEventListener(
  "invalid",
  ({ target }) => {
    if (!target.validity.valueMissing) return;
    target.setCustomValidity(words.needed);
    asked.add(target);
  },
  true,
);

for (const name of ["input", "change"])
  document.addEventListener(name, () => {
    for (const field of asked) field.setCustomValidity("");
    asked.clear();
  });

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-back]")) history.back();
});
