// Never lose, always answer: forms and htmx by one way of sending, on every page.

import "./days.js";
import { canKeep } from "./sending/vault.js";
import "./sending/forms.js";
import "./sending/htmx.js";
import "./sending/toasts.js";
import { me, words } from "./sending/page.js";
import { fail } from "./sending/toasts.js";
import { sendWaiting, showWaiting } from "./sending/waiting.js";

if (me.staff && !canKeep()) fail(words.notKept);
document.querySelector("#answers").dataset.ready = "";
await showWaiting();
await sendWaiting();
