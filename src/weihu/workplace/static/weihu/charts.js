// Draws the charts of a page, those of what htmx swaps in, and folded ones once they are open.

import { drawAssets } from "./charts/assets.js";
import { drawMigration } from "./charts/migration.js";
import { drawNetwork } from "./charts/network.js";
import { drawPareto } from "./charts/pareto.js";
import { drawPivot } from "./charts/pivot.js";
import { drawTrend } from "./charts/trend.js";

const KINDS = {
  "data-chart": drawAssets,
  "data-network": drawNetwork,
  "data-pareto": drawPareto,
  "data-pivot": drawPivot,
  "data-sankey": drawMigration,
  "data-trend": drawTrend,
};

function drawAll() {
  for (const [kind, draw] of Object.entries(KINDS)) {
    for (const box of document.querySelectorAll(`[${kind}]:not([_echarts_instance_])`))
      if (!box.closest("details:not([open])")) draw(box);
  }
}

document.addEventListener("htmx:afterSwap", drawAll);
document.addEventListener("htmx:historyRestore", drawAll);
document.addEventListener("toggle", drawAll, true);
drawAll();
