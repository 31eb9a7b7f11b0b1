// AUM of a customer over the year, with the thresholds of the grades as dashed lines.

import { dateAxis, locale, short } from "../numbers.js";
import { draw, GOLD, GREEN, readData } from "./frame.js";

// From the highest down, those whose names do not cover each other.
function bandsToShow(bands, top) {
  const shown = [];
  for (const band of bands.filter((band) => band.from > 0 && band.from <= top * 1.6).reverse()) {
    const ceiling = Math.max(top, ...shown.map((other) => other.from));
    const apart = shown.every((other) => other.from - band.from > ceiling * 0.12);
    if (band.from > ceiling * 0.05 && apart) shown.push(band);
  }
  return shown;
}

export function drawAssets(box) {
  const data = readData(box, "aum-data");
  const top = Math.max(...data.points.map((point) => point[1]), 1) * 1.15;
  const bands = bandsToShow(data.bands, top);
  draw(box, {
    grid: { left: 8, right: 70, top: 12, bottom: 4, containLabel: true },
    tooltip: {
      trigger: "axis",
      valueFormatter: (value) => value.toLocaleString(locale, { minimumFractionDigits: 2 }),
    },
    xAxis: { type: "time", axisLabel: { hideOverlap: true, formatter: dateAxis } },
    yAxis: {
      type: "value",
      max: Math.max(top, ...bands.map((band) => band.from)),
      axisLabel: { formatter: short },
      splitNumber: 3,
    },
    series: [
      {
        type: "line",
        step: "end",
        name: "AUM",
        data: data.points,
        showSymbol: false,
        lineStyle: { width: 2, color: GREEN },
        itemStyle: { color: GREEN },
        areaStyle: { color: "rgba(11,93,81,.10)" },
        markLine: {
          symbol: "none",
          silent: true,
          label: { position: "end", formatter: "{b}", color: "#7a4f00" },
          lineStyle: { color: GOLD, type: "dashed" },
          data: bands.map((band) => ({ name: band.name, yAxis: band.from })),
        },
      },
    ],
  });
}
