// Days are written 2026-11-28 whatever the browser's own language, and may be typed as people write them:
// 20261128, 2026/11/28, 2026年11月28日, 11-28, today, 明天, +3. The calendar is the browser's own.

import { me, words } from "./sending/page.js";

const WORDS = { today: 0, tomorrow: 1, 今天: 0, 明天: 1, 后天: 2 };
const WHOLE = /^(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?$/;
const SHORT = /^(\d{1,2})[-/.月](\d{1,2})日?$/;

const iso = (date) => date.toISOString().slice(0, 10);
const utc = (text) => new Date(`${text}T00:00:00Z`);

function day(year, month, date) {
  const made = new Date(Date.UTC(year, month - 1, date));
  return made.getUTCMonth() === month - 1 && made.getUTCFullYear() === year ? iso(made) : "";
}

function later(days) {
  const today = utc(me.today);
  today.setUTCDate(today.getUTCDate() + days);
  return iso(today);
}

// A day as it is sent; "" for what is none. One without a year is the next such day where only days to come will do.
export function read(text, first = "") {
  const said = text.trim().toLowerCase();
  const whole = WHOLE.exec(said.replace(/^(\d{4})(\d{2})(\d{2})$/, "$1-$2-$3"));
  if (whole) return day(...whole.slice(1).map(Number));
  if (!me.today) return "";
  if (said in WORDS) return later(WORDS[said]);
  if (/^\+\d{1,3}$/.test(said)) return later(Number(said));
  const short = SHORT.exec(said);
  if (!short) return "";
  const [month, date] = short.slice(1).map(Number);
  const year = Number(me.today.slice(0, 4));
  const found = day(year, month, date);
  return found && first && found < first ? day(year + 1, month, date) : found;
}

function check(field) {
  const found = field.value.trim() ? read(field.value, field.min) : "";
  if (found) field.value = found;
  field.setCustomValidity(field.value.trim() && !found ? words.noDay : "");
}

function calendarOf(field) {
  const calendar = Object.assign(document.createElement("input"), {
    type: "date",
    className: "day-calendar",
    tabIndex: -1,
  });
  calendar.setAttribute("aria-hidden", "true");
  calendar.addEventListener("change", () => {
    field.value = calendar.value;
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.dispatchEvent(new Event("change", { bubbles: true }));
    field.focus();
  });
  const button = Object.assign(document.createElement("button"), { type: "button", className: "day-button" });
  button.setAttribute("aria-label", words.day);
  button.title = words.day;
  button.innerHTML = '<i class="ti ti-calendar" aria-hidden="true"></i>';
  button.addEventListener("click", () => {
    Object.assign(calendar, { value: read(field.value, field.min), min: field.min, max: field.max });
    calendar.showPicker();
  });
  return [button, calendar];
}

function make(field) {
  const box = Object.assign(document.createElement("span"), { className: "day-field" });
  const { min, max } = field;
  field.replaceWith(box);
  Object.assign(field, {
    type: "text",
    inputMode: "numeric",
    placeholder: "2026-11-28",
    autocomplete: "off",
    min,
    max,
  });
  field.dataset.day = "";
  box.append(field, ...calendarOf(field));
}

function makeAll() {
  for (const field of document.querySelectorAll("input[type=date]:not(.day-calendar)")) make(field);
}

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-day]")) check(event.target);
});
for (const name of ["htmx:afterSwap", "htmx:oobAfterSwap"]) document.addEventListener(name, makeAll);
makeAll();
