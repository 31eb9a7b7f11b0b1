// One figure of the cockpit over the nights, with its target; can be saved as a picture.

import { dateAxis, english, short } from "../numbers.js";
import { draw, GOLD, GREEN, readData } from "./frame.js";

export function drawTrend(box) {
  const data = readData(box, "trend-data");
  const label = (value) => (data.share ? `${(100 * value).toFixed(1)}%` : short(value));
  const target = {
    symbol: "none",
    silent: true,
    lineStyle: { color: GOLD, type: "dashed" },
    label: {
      formatter: () => `${data.target_name} ${label(data.target)}`,
      position: "insideEndTop",
      color: "#7a4f00",
    },
    data: [{ yAxis: data.target }],
  };
  const picture = {
    name: data.name,
    pixelRatio: 2,
    title: english ? "As a picture" : "存为图片",
    backgroundColor: "#fff",
  };
  draw(
    box,
    {
      aria: { enabled: true },
      toolbox: { right: 0, feature: { saveAsImage: picture } },
      grid: { left: 8, right: 48, top: 34, bottom: 4, containLabel: true },
      tooltip: { trigger: "axis", valueFormatter: label },
      xAxis: { type: "time", axisLabel: { hideOverlap: true, formatter: dateAxis } },
      yAxis: { type: "value", scale: true, axisLabel: { formatter: label }, splitNumber: 4 },
      series: [
        {
          type: "line",
          name: data.name,
          data: data.points,
          showSymbol: data.points.length < 15,
          lineStyle: { width: 2, color: GREEN },
          itemStyle: { color: GREEN },
          markLine: data.target === null ? undefined : target,
        },
      ],
    },
    "canvas",
  );
}
