// Asking before many are concerned or nothing can be taken back: data-confirm on a form or its button.
// "{n}" in it is the number of boxes that are checked (data-confirm-count: which; data-confirm-all: the box that stands
// for all, and how many these are; data-confirm-none: what to ask if none is checked), {name} the value of a field.

const dialog = document.querySelector("#ask");

export function ask(text) {
  dialog.querySelector("#ask-text").textContent = text;
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}

function chosenText(field) {
  return field.selectedOptions ? field.selectedOptions[0]?.textContent.trim() : field.value;
}

function question(form, from) {
  const { confirm, confirmCount, confirmAll, confirmNone } = from.dataset;
  const all = confirmAll && form.elements[confirmAll.split("=")[0]]?.checked;
  const boxes = confirmCount ? document.querySelectorAll(confirmCount).length : 0;
  if (confirmNone && boxes === 0) return confirmNone;
  const count = all ? confirmAll.split("=")[1] : boxes;
  return confirm
    .replace("{n}", count)
    .replace(/\{(\w+)\}/g, (_, name) => (form.elements[name] ? chosenText(form.elements[name]) : ""));
}

// Whether the form may go: nothing to ask, or agreed.
export function agreed(form, submitter) {
  const from = submitter?.dataset.confirm ? submitter : form;
  return from.dataset.confirm ? ask(question(form, from)) : Promise.resolve(true);
}
