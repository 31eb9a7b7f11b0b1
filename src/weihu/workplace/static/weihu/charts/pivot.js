// A free question: bars by what customers have in common, or lines over the nights.

import { dateAxis, short } from "../numbers.js";
import { draw, readData } from "./frame.js";

const COLOURS = ["#0b5d51", "#d9a441", "#4a7fb5", "#b0563f", "#7d6aa8", "#7fa650", "#98a2ad", "#3f4a56"];

function label(unit) {
  if (unit === "share") return (value) => (value === null ? "—" : `${(100 * value).toFixed(1)}%`);
  return (value) => (value === null || value === undefined ? "—" : short(value));
}

export function drawPivot(box) {
  const { kind, unit, places, series } = readData(box, "pivot-data");
  const words = label(unit);
  const time = kind === "lines";
  draw(box, {
    aria: { enabled: true },
    color: COLOURS,
    legend: series.length > 1 ? { top: 0, type: "scroll" } : undefined,
    grid: { left: 8, right: 24, top: series.length > 1 ? 34 : 12, bottom: 4, containLabel: true },
    tooltip: { trigger: "axis", valueFormatter: words },
    xAxis: time
      ? { type: "time", axisLabel: { hideOverlap: true, formatter: dateAxis } }
      : { type: "category", data: places, axisLabel: { hideOverlap: true } },
    yAxis: { type: "value", scale: time, axisLabel: { formatter: words }, splitNumber: 4 },
    series: series.map(({ name, values }) => ({
      type: time ? "line" : "bar",
      name,
      barMaxWidth: 36,
      data: time ? values.map((value, place) => [places[place], value]) : values,
    })),
  });
}
