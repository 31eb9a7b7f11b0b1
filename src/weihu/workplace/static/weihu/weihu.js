"use strict";
// Charts, and the keyboard of the Today page. Everything works without this file, only less quickly.

const english = document.documentElement.lang.startsWith("en");

function short(value) {
  if (english) return value.toLocaleString("en", { notation: "compact", maximumFractionDigits: 1 });
  if (Math.abs(value) >= 1e8) return (value / 1e8).toFixed(2) + "亿";
  return Math.abs(value) >= 1e4 ? (value / 1e4).toFixed(1) + "万" : String(Math.round(value));
}

function drawChart(box) {
  const data = JSON.parse(box.parentElement.querySelector("#aum-data").textContent);
  const top = Math.max(...data.points.map((point) => point[1]), 1) * 1.15;
  const bands = [];  // from the highest down, those whose names do not cover each other
  for (const band of data.bands.filter((band) => band.from > 0 && band.from <= top * 1.6).reverse()) {
    const ceiling = Math.max(top, ...bands.map((other) => other.from));
    if (band.from > ceiling * 0.05 && bands.every((other) => other.from - band.from > ceiling * 0.12)) bands.push(band);
  }
  const chart = echarts.init(box, null, { renderer: "svg" });
  chart.setOption({
    animation: false,
    grid: { left: 8, right: 70, top: 12, bottom: 4, containLabel: true },
    tooltip: { trigger: "axis", valueFormatter: (value) => value.toLocaleString(english ? "en" : "zh-CN", { minimumFractionDigits: 2 }) },
    xAxis: { type: "time", axisLabel: { hideOverlap: true, formatter: english ? "{MMM} {d}" : "{M}月{d}日" } },
    yAxis: { type: "value", max: Math.max(top, ...bands.map((band) => band.from)), axisLabel: { formatter: short }, splitNumber: 3 },
    series: [{
      type: "line", step: "end", name: "AUM", data: data.points, showSymbol: false, lineStyle: { width: 2, color: "#0b5d51" },
      itemStyle: { color: "#0b5d51" }, areaStyle: { color: "rgba(11,93,81,.10)" },
      markLine: { symbol: "none", silent: true, label: { position: "end", formatter: "{b}", color: "#7a4f00" },
        lineStyle: { color: "#d9a441", type: "dashed" }, data: bands.map((band) => ({ name: band.name, yAxis: band.from })) },
    }],
  });
  new ResizeObserver(() => chart.resize()).observe(box);
}

const COLOURS = { self: "#0b5d51", customer: "#5aa396", person: "#d9a441", hidden: "#b5bcc4" };

function drawNetwork(box) {
  const data = JSON.parse(box.parentElement.querySelector("#network-data").textContent);
  const chart = echarts.init(box, null, { renderer: "svg" });
  chart.setOption({
    animation: false,
    series: [{
      type: "graph", layout: "force", roam: false, force: { repulsion: 260, edgeLength: 70, layoutAnimation: false },
      label: { show: true, position: "bottom", color: "#334" }, edgeLabel: { show: true, fontSize: 10, color: "#667382", formatter: (edge) => edge.data.name },
      lineStyle: { color: "#b5c9c4" },
      data: data.nodes.map((node) => ({ id: node.id, name: node.id, symbolSize: node.role === "self" ? 34 : 22,
        itemStyle: { color: COLOURS[node.role] }, label: { formatter: node.name } })),
      links: data.edges.map((edge) => ({ source: edge.from, target: edge.to, name: edge.name })),
    }],
  });
  chart.on("click", (event) => {
    const node = data.nodes.find((other) => other.id === event.name);
    if (node && node.role === "customer") location.href = `/customers/${encodeURIComponent(node.id)}/`;
  });
  new ResizeObserver(() => chart.resize()).observe(box);
}

function drawCharts(root) {
  for (const box of root.querySelectorAll("[data-network]:not([_echarts_instance_])")) drawNetwork(box);
  for (const box of root.querySelectorAll("[data-chart]:not([_echarts_instance_])")) drawChart(box);
}

function step(by) {
  const tasks = [...document.querySelectorAll("[data-task]")];
  const here = tasks.findIndex((task) => task.classList.contains("task-chosen"));
  const next = tasks[here + by];
  if (next) next.click();
}

function choose(task) {
  for (const other of document.querySelectorAll("[data-task]")) {
    other.classList.toggle("task-chosen", other === task);
    if (other === task) other.setAttribute("aria-current", "true"); else other.removeAttribute("aria-current");
  }
  if (task) task.scrollIntoView({ block: "nearest" });
}

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-choose-all]"))
    for (const box of document.querySelectorAll("[name=chosen]")) box.checked = event.target.checked;
});

document.addEventListener("click", (event) => {
  for (const tool of document.querySelectorAll(".tool[open]")) if (!tool.contains(event.target) && !event.target.closest("[name=chosen], [data-choose-all]")) tool.open = false;
  const task = event.target.closest("[data-task]");
  if (task) choose(task);
  const stepper = event.target.closest("[data-step]");
  if (stepper) step(Number(stepper.dataset.step));
});

document.addEventListener("keydown", (event) => {
  const form = document.querySelector(".result");
  const turn = { j: 1, k: -1 }[event.key];
  if (!form && turn && !event.target.matches("textarea, input, select")) document.querySelector(`[data-turn="${turn}"]`)?.click();
  const typing = event.target.matches("textarea, input:not([type=radio]), select");
  if (!form || event.ctrlKey || event.metaKey || event.altKey) return;
  if (typing) {
    if (event.key === "Enter" && event.target.matches("textarea") && !event.shiftKey) { event.preventDefault(); form.requestSubmit(); }
    if (event.key === "Escape") event.target.blur();
    return;
  }
  const outcome = form.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
  if (outcome) { outcome.checked = true; outcome.focus(); event.preventDefault(); }
  else if (event.key === "Enter" && form.querySelector("[name=outcome]:checked")) { event.preventDefault(); form.requestSubmit(); }
  else if (event.key === "j") step(1);
  else if (event.key === "k") step(-1);
  else if (event.key === "n") { form.querySelector("[name=note]").focus(); event.preventDefault(); }
});

document.addEventListener("htmx:afterSwap", (event) => {
  drawCharts(document);
  const panel = document.querySelector("[data-panel]");
  if (event.target.id === "panel" && panel) {
    if (matchMedia("(max-width: 767px)").matches) event.target.scrollIntoView({ block: "start" });
    choose(document.querySelector(`[data-task][href$="/${CSS.escape(panel.dataset.panel)}/"]`));
  }
});

document.addEventListener("DOMContentLoaded", () => drawCharts(document));
