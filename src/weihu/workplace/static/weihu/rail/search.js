// The search over every page: "/" or Ctrl-K opens it, arrows move, Enter opens what is marked, Escape closes.

const TYPED = "textarea, select, input:not([type=radio], [type=checkbox])";
const STEPS = { ArrowDown: 1, ArrowUp: -1 };

const box = document.querySelector("#search");
const field = box?.querySelector("[name=q]");

// the words that the shown options answer, and whether Enter was pressed before they were there
let answered = "";
let awaited = false;

const options = () => [...box.querySelectorAll("[role=option]")];
const marked = () => box.querySelector("[aria-selected=true]");

function mark(option) {
  marked()?.setAttribute("aria-selected", "false");
  option?.setAttribute("aria-selected", "true");
  option?.scrollIntoView({ block: "nearest" });
  if (option) field.setAttribute("aria-activedescendant", option.id);
  else field.removeAttribute("aria-activedescendant");
}

function show(event) {
  answered = event.detail.requestConfig.parameters.q;
  const some = options().length > 0;
  field.setAttribute("aria-expanded", some);
  box.querySelector("[data-search-none]").hidden = some;
  mark(options()[0]);
  if (awaited && answered === field.value) choose();
}

function choose() {
  awaited = answered !== field.value;
  if (!awaited) marked()?.click();
}

function open() {
  if (document.querySelector("dialog[open]")) return;
  box.showModal();
  field.select();
  htmx.trigger(field.form, "ask");
}

function step(by) {
  const all = options();
  if (all.length) mark(all[(all.indexOf(marked()) + by + all.length) % all.length]);
}

function asked(event) {
  if (event.ctrlKey || event.metaKey) return event.key.toLowerCase() === "k" && !event.altKey;
  return event.key === "/" && !event.altKey && !event.isComposing && !event.target.matches(TYPED);
}

if (box) {
  document.addEventListener("keydown", (event) => {
    if (!asked(event)) return;
    event.preventDefault();
    open();
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-search]")) open();
    if (event.target.closest("[data-search-close]") || event.target === box) box.close();
    // a link to a place on the same page loads nothing
    if (event.target.closest("[role=option]")) box.close();
  });
  box.addEventListener("keydown", (event) => {
    event.stopPropagation(); // the page's own keys wait
    if (STEPS[event.key]) {
      event.preventDefault();
      step(STEPS[event.key]);
    } else if (event.key === "Enter" && !event.isComposing && event.target === field) {
      event.preventDefault();
      choose();
    }
  });
  field.addEventListener("input", () => {
    awaited = false;
  });
  box.addEventListener("mouseover", (event) => {
    const option = event.target.closest("[role=option]");
    if (option) mark(option);
  });
  box.addEventListener("htmx:afterSwap", show);
}
