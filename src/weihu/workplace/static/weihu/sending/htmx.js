// What htmx sends and fetches: with a number, signed in again if need be, and never swallowed when it fails.

import { answered, numberOf } from "./forms.js";
import { me, words } from "./page.js";
import { isRefusedForNow } from "./post.js";
import { signedIn } from "./signin.js";
import { fail, sayAll } from "./toasts.js";
import { arrived, hold, rowOf, wait } from "./waiting.js";

const isForm = (element) => element instanceof HTMLFormElement;

document.addEventListener("htmx:configRequest", (event) => {
  const { headers, verb, elt, parameters } = event.detail;
  headers["X-CSRFToken"] = me.token;
  if (me.staff) headers["X-Staff"] = me.staff;
  if (verb !== "post") return;
  delete parameters.csrfmiddlewaretoken;
  hold(false);
  if (isForm(elt)) headers["X-Sending"] ??= numberOf(elt, Object.entries(parameters));
});

const tokenOf = (xhr) => xhr.getAllResponseHeaders().toLowerCase().includes("x-csrf-token");

async function once(detail) {
  const { elt, requestConfig } = detail;
  const { verb, path, headers, parameters } = requestConfig;
  try {
    if (!(await signedIn())) return fail(words.laterHere);
  } catch {
    return fail(words.unreached);
  }
  const number = headers["X-Sending"];
  const values = Object.fromEntries(Object.entries(parameters));
  return htmx.ajax(verb, path, { source: elt, values, headers: number ? { "X-Sending": number } : {} });
}

document.addEventListener("htmx:beforeOnLoad", (event) => {
  const { xhr, elt, requestConfig } = event.detail;
  if (isRefusedForNow(xhr.status, tokenOf(xhr))) {
    event.preventDefault();
    once(event.detail);
    return;
  }
  sayAll(xhr.getResponseHeader("X-Toasts"));
  if (!isForm(elt)) return;
  answered(elt);
  if (requestConfig.headers["X-Sending"]) arrived(requestConfig.headers["X-Sending"]);
  if (xhr.getResponseHeader("X-Already")) location.reload();
});

document.addEventListener("htmx:responseError", (event) => {
  const { xhr } = event.detail;
  const plain = xhr.getResponseHeader("Content-Type")?.startsWith("text/plain");
  fail(plain ? xhr.responseText : words.unexpected);
});

// What a page fetches by itself: nobody asked for it, so nobody is told that it did not come.
const BY_ITSELF = [undefined, "load", "revealed", "intersect", "hx:poll:trigger"];

// Today's result is kept by today/offline.js, which goes on with the next task.
document.addEventListener("htmx:sendError", async (event) => {
  const { elt, requestConfig } = event.detail;
  if (!isForm(elt)) {
    if (!BY_ITSELF.includes(requestConfig.triggeringEvent?.type)) fail(words.unreached);
    return;
  }
  if (elt.matches("[data-result]")) return;
  const fields = Object.entries(requestConfig.parameters);
  const number = requestConfig.headers["X-Sending"];
  const retry = () => (elt.isConnected ? elt.requestSubmit() : undefined);
  const kept = await wait(rowOf(elt, fields, number, { htmx: true }), retry);
  fail(kept ? words.lost : words.lostHere);
});
