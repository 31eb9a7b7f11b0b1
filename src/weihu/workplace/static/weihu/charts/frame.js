// What every chart does alike: its data stand beside it as JSON, and it follows the size of its box.

import * as echarts from "../../echarts/echarts.esm.min.js";

export const GREEN = "#0b5d51";
export const GOLD = "#d9a441";
export const BLUE = "#4a7fb5";
export const GREY = "#b5bcc4";

export function readData(box, id) {
  return JSON.parse(box.parentElement.querySelector(`#${id}`).textContent);
}

export function draw(box, option, renderer = "svg") {
  const chart = echarts.init(box, null, { renderer });
  chart.setOption({ animation: false, ...option });
  new ResizeObserver(() => chart.resize()).observe(box);
  return chart;
}
