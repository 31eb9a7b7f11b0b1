// Signing in again without leaving the page: the same person only.

import { me, words } from "./page.js";
import { fail } from "./toasts.js";

const dialog = document.querySelector("#sign-in-again");
const form = dialog.querySelector("form");
const password = form.querySelector("#password-again");
const second = form.querySelector("[data-second]");
const code = form.querySelector("#code-again");
const fault = form.querySelector("[data-fault]");

async function askServer(said) {
  const headers = { "X-CSRFToken": me.token, "X-Weihu": "form" };
  const how = said ? { method: "POST", body: new URLSearchParams(said), headers } : { headers };
  const answer = await fetch("/session/", how);
  return { ok: answer.ok, ...(await answer.json()) };
}

async function attempt(event) {
  event.preventDefault();
  fault.textContent = "";
  try {
    me.token = (await askServer()).token;
    const answer = await askServer({ username: me.staff, password: password.value, code: code.value });
    if (!answer.ok) {
      fault.textContent = answer.fault;
      if (answer.second) askCode();
      else password.select();
      return;
    }
    Object.assign(me, { token: answer.token, share: answer.share });
    dialog.close("signed in");
  } catch {
    fault.textContent = words.unreached;
  } finally {
    if (second.hidden || dialog.returnValue) password.value = "";
  }
}

function askCode() {
  second.hidden = false;
  code.value = "";
  code.focus();
}

form.addEventListener("submit", attempt);
form.querySelector("[data-cancel]").addEventListener("click", () => dialog.close(""));

function askPassword() {
  fault.textContent = "";
  dialog.returnValue = "";
  dialog.showModal();
  password.focus();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "signed in"), { once: true });
  });
}

let asking = null;

async function renew() {
  const session = await askServer();
  me.token = session.token;
  if (session.staff === me.staff) return true;
  if (session.staff) {
    fail(words.other);
    return false;
  }
  return askPassword();
}

// Whether the one who works on this page is signed in now, if need be after asking for the password. Asked once at a time.
export function signedIn() {
  asking ??= renew().finally(() => {
    asking = null;
  });
  return asking;
}
