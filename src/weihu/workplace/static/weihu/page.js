// On every page: the rail; forms are sent without losing anything; boxes close on a click elsewhere.

import "./rail.js";
import "./sending.js";

function closeTools(event) {
  // choosing rows is part of what the tools of the customers page do
  if (event.target.closest("[name=chosen], [data-choose-all]")) return;
  for (const tool of document.querySelectorAll(".tool[open]")) {
    if (!tool.contains(event.target)) tool.open = false;
  }
}

document.addEventListener("click", closeTools);
