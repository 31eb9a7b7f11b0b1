// On every page: forms are sent without losing anything, and menus close on a click elsewhere.

import "./sending.js";

function closeMenus(event) {
  for (const menu of document.querySelectorAll(".more-nav[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
  // choosing rows is part of what the tools of the customers page do
  if (event.target.closest("[name=chosen], [data-choose-all]")) return;
  for (const tool of document.querySelectorAll(".tool[open]")) {
    if (!tool.contains(event.target)) tool.open = false;
  }
}

document.addEventListener("click", closeMenus);
