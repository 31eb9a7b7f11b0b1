// On every page: the rail; boxes close on a click elsewhere; results kept without a connection are sent.

import "./rail.js";
import { sendWaiting } from "./today/waiting.js";

function closeTools(event) {
  // choosing rows is part of what the tools of the customers page do
  if (event.target.closest("[name=chosen], [data-choose-all]")) return;
  for (const tool of document.querySelectorAll(".tool[open]")) {
    if (!tool.contains(event.target)) tool.open = false;
  }
}

document.addEventListener("click", closeTools);
addEventListener("online", sendWaiting);
setInterval(sendWaiting, 20000);
sendWaiting();
