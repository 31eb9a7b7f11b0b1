// Sending, with a number by which the server knows it again, and signing in between if that is what it takes.

import { me } from "./page.js";
import { signedIn } from "./signin.js";

// No answer of the workplace: no connection, or a proxy that finds nobody behind it.
export class Lost extends Error {}

// Signed out, and not signed in again.
export class Held extends Error {}

async function once({ address, body, number, htmx }) {
  const headers = { "X-CSRFToken": me.token, "X-Weihu": htmx ? "htmx" : "form" };
  if (me.staff) headers["X-Staff"] = me.staff;
  if (number) headers["X-Sending"] = number;
  if (htmx) headers["HX-Request"] = "true";
  try {
    const answer = await fetch(address, { method: "POST", body, headers, redirect: "manual" });
    if (answer.headers.get("X-Request-ID")) return answer;
  } catch {
    // said below
  }
  throw new Lost();
}

export const isRefusedForNow = (status, token) => status === 401 || (status === 403 && Boolean(token));

export async function post(sending) {
  let answer = await once(sending);
  if (isRefusedForNow(answer.status, answer.headers.get("X-CSRF-Token"))) {
    let allowed;
    try {
      allowed = await signedIn();
    } catch {
      throw new Lost();
    }
    if (!allowed) throw new Held();
    answer = await once(sending);
  }
  return answer;
}
