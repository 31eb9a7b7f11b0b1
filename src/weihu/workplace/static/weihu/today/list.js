// The list of tasks: which of them is open, and which the chip above it shows.

let chip = "";

const tasks = () => [...document.querySelectorAll("[data-task]")];

export const isPhone = () => matchMedia("(max-width: 767px)").matches;

export function taskOf(customer) {
  return document.querySelector(`[data-task][href$="/${CSS.escape(customer)}/"]`);
}

export function choose(task) {
  for (const other of tasks()) {
    other.classList.toggle("task-chosen", other === task);
    if (other === task) other.setAttribute("aria-current", "true");
    else other.removeAttribute("aria-current");
  }
  task?.scrollIntoView({ block: "nearest" });
}

// Shows the tasks of the chip; what is recorded meanwhile goes on with the chip's next task.
export function filter(chosen = chip) {
  chip = chosen;
  for (const button of document.querySelectorAll("[data-chip]"))
    button.setAttribute("aria-pressed", String(button.dataset.chip === chip));
  for (const task of tasks()) task.hidden = chip !== "" && !task.dataset.chips.split(" ").includes(chip);
  const field = document.querySelector(".result [name=chip]");
  if (field) field.value = chip;
}

// After a result the list may open a task that the chip does not show: then the chip has no more.
export function follow(customer) {
  filter();
  const task = taskOf(customer);
  if (task?.hidden) filter("");
  choose(task);
}

// Opens the task that stands so many places further down among those shown.
export function step(by) {
  const shown = tasks().filter((task) => !task.hidden);
  const here = shown.findIndex((task) => task.classList.contains("task-chosen"));
  shown[here < 0 ? 0 : here + by]?.click();
}

// On a phone a task covers the list.
export function cover(covered) {
  document.querySelector(".today")?.classList.toggle("today-opened", covered);
  if (!covered) document.querySelector(".task-chosen")?.scrollIntoView({ block: "center" });
}
