// Showing the answer to a form: the page that it leads to, the page that it is, a file, or a sentence.

import { me, words } from "./page.js";
import { fail, say, sayAll } from "./toasts.js";

async function download(answer) {
  const named = /filename="?([^";]+)/.exec(answer.headers.get("Content-Disposition"));
  const href = URL.createObjectURL(await answer.blob());
  Object.assign(document.createElement("a"), { href, download: named?.[1] ?? "" }).click();
  setTimeout(() => URL.revokeObjectURL(href), 60000);
}

// The same page again, with what was wrong, or another one at the same address.
function turn(page) {
  const main = document.querySelector("main");
  main.replaceChildren(...document.adoptNode(page.querySelector("main")).childNodes);
  document.title = page.title;
  for (const toast of page.querySelectorAll("#toasts > *")) document.querySelector("#toasts").append(toast);
  me.token = page.querySelector("#answers")?.dataset.token ?? me.token;
  globalThis.htmx?.process(main);
  main.dispatchEvent(new CustomEvent("htmx:afterSwap", { bubbles: true }));
  for (const script of page.querySelectorAll("script[type=module][src]")) import(script.src);
  const wrong = main.querySelector("[role=alert]");
  if (wrong) wrong.scrollIntoView({ block: "center" });
  else scrollTo(0, 0);
}

export async function show(answer) {
  const to = answer.headers.get("X-Location");
  if (answer.headers.get("X-Already")) say(words.already);
  if (to) {
    const here = new URL(to, location.href);
    if (here.hash && here.href.split("#")[0] === location.href.split("#")[0]) location.reload();
    location.assign(here);
    return;
  }
  sayAll(answer.headers.get("X-Toasts"));
  const kind = answer.headers.get("Content-Type") ?? "";
  if (answer.headers.get("Content-Disposition")?.startsWith("attachment")) await download(answer);
  else if (kind.startsWith("text/plain")) fail(await answer.text());
  else if (kind.startsWith("text/html")) {
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (page.querySelector("main")) turn(page);
    else location.reload();
  } else if (answer.headers.get("X-Already")) location.reload();
  else if (!answer.ok) fail(words.unexpected);
}
