// The customers page: one box chooses all rows of the page.

document.addEventListener("change", (event) => {
  if (!event.target.matches("[data-choose-all]")) return;
  for (const box of document.querySelectorAll("[name=chosen]")) box.checked = event.target.checked;
});
