// Which share of the customers brings which share of assets, of contribution and of the expected worth.

import { BLUE, draw, GOLD, GREEN, readData } from "./frame.js";

const COLOURS = { aum: GREEN, contribution: GOLD, worth: BLUE };

const percent = (value) => `${Math.round(value)}%`;

export function drawPareto(box) {
  const data = readData(box, "pareto-data");
  const names = box.parentElement.querySelector("#pareto-names").dataset;
  const targets = [
    { xAxis: 100 * names.top, name: percent(100 * names.top) },
    { yAxis: 100 * names.most, name: percent(100 * names.most) },
  ];
  const markLine = {
    symbol: "none",
    silent: true,
    lineStyle: { type: "dashed", color: "#98a2ad" },
    label: { formatter: "{b}", position: "insideEndTop" },
    data: targets,
  };
  draw(box, {
    legend: { top: 0 },
    grid: { left: 8, right: 16, top: 34, bottom: 4, containLabel: true },
    tooltip: {
      trigger: "axis",
      valueFormatter: (value) => `${value.toFixed(1)}%`,
      axisPointer: { label: { formatter: (params) => percent(params.value) } },
    },
    xAxis: { type: "value", max: 100, axisLabel: { formatter: percent } },
    yAxis: { type: "value", max: 100, axisLabel: { formatter: percent } },
    series: Object.entries(data).map(([worth, points], place) => ({
      type: "line",
      name: names[worth],
      showSymbol: false,
      itemStyle: { color: COLOURS[worth] },
      lineStyle: { width: 2, color: COLOURS[worth] },
      data: points.map(([customers, share]) => [100 * customers, 100 * share]),
      markLine: place ? undefined : markLine,
    })),
  });
}
