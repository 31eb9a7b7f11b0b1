// The list of tasks, and which of them is open.

export function taskOf(customer) {
  return document.querySelector(`[data-task][href$="/${CSS.escape(customer)}/"]`);
}

export function choose(task) {
  for (const other of document.querySelectorAll("[data-task]")) {
    other.classList.toggle("task-chosen", other === task);
    if (other === task) other.setAttribute("aria-current", "true");
    else other.removeAttribute("aria-current");
  }
  task?.scrollIntoView({ block: "nearest" });
}

// Opens the task that stands so many places further down.
export function step(by) {
  const tasks = [...document.querySelectorAll("[data-task]")];
  const here = tasks.findIndex((task) => task.classList.contains("task-chosen"));
  tasks[here + by]?.click();
}
