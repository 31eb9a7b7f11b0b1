// The rail: folding it to icons, the telephone's menu, and the search.

import "./rail/search.js";

const A_YEAR = 365 * 24 * 3600;

function fold(button) {
  const folded = document.querySelector(".page").classList.toggle("folded");
  button.setAttribute("aria-pressed", folded);
  // biome-ignore lint/suspicious/noDocumentCookie: the server draws the next page folded; the Cookie Store is not everywhere
  document.cookie = `rail=${folded ? "icons" : "names"}; path=/; max-age=${A_YEAR}; samesite=lax`;
}

function menu(opened) {
  document.querySelector("#rail").classList.toggle("opened", opened);
  const button = document.querySelector("[data-menu]");
  button?.setAttribute("aria-expanded", opened);
  if (opened) document.querySelector("#rail .rail-entries a")?.focus();
  else if (document.activeElement?.closest("#rail")) button?.focus();
}

const opened = () => document.querySelector("[data-menu]")?.getAttribute("aria-expanded") === "true";

document.addEventListener("click", (event) => {
  const folder = event.target.closest("[data-fold]");
  if (folder) fold(folder);
  if (event.target.closest("[data-menu]")) menu(!opened());
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && opened()) menu(false);
});
