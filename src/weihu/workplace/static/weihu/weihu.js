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

const WORTHS = { aum: "#0b5d51", contribution: "#d9a441" };

function drawPareto(box) {
  const data = JSON.parse(box.parentElement.querySelector("#pareto-data").textContent);
  const names = box.parentElement.querySelector("#pareto-names").dataset;
  const chart = echarts.init(box, null, { renderer: "svg" });
  const percent = (value) => `${Math.round(value)}%`;
  chart.setOption({
    animation: false,
    legend: { top: 0 },
    grid: { left: 8, right: 16, top: 34, bottom: 4, containLabel: true },
    tooltip: { trigger: "axis", valueFormatter: (value) => `${value.toFixed(1)}%`, axisPointer: { label: { formatter: (params) => percent(params.value) } } },
    xAxis: { type: "value", max: 100, axisLabel: { formatter: percent } },
    yAxis: { type: "value", max: 100, axisLabel: { formatter: percent } },
    series: Object.entries(data).map(([worth, points], place) => ({
      type: "line", name: names[worth], showSymbol: false, itemStyle: { color: WORTHS[worth] }, lineStyle: { width: 2, color: WORTHS[worth] },
      data: points.map(([customers, share]) => [100 * customers, 100 * share]),
      markLine: place ? undefined : { symbol: "none", silent: true, lineStyle: { type: "dashed", color: "#98a2ad" }, label: { formatter: "{b}", position: "insideEndTop" },
        data: [{ xAxis: 100 * names.top, name: percent(100 * names.top) }, { yAxis: 100 * names.most, name: percent(100 * names.most) }] },
    })),
  });
  new ResizeObserver(() => chart.resize()).observe(box);
}

const GRADES = ["#98a2ad", "#6d93bd", "#3f9d86", "#5b6fd0", "#d9a441", "#8a3a26"];

function drawSankey(box) {
  const { names, matrix } = JSON.parse(box.parentElement.querySelector("#sankey-data").textContent);
  const last = names.length - 1;
  const colour = (rank) => (rank === last ? "#b5bcc4" : GRADES[Math.round((5 * rank) / Math.max(1, last - 1))]);
  const nodes = [], links = [];
  const node = (side, rank) => {
    const id = `${side} ${rank}`;
    if (!nodes.some((other) => other.name === id))
      nodes.push({ name: id, depth: side === "a" ? 0 : 1, itemStyle: { color: colour(rank) }, label: { formatter: names[rank], position: side === "a" ? "right" : "left" } });
    return id;
  };
  const order = [...names.keys()].reverse();
  for (const from of order) for (const to of order.filter((rank) => rank !== last)) {
    const count = matrix[from][to];
    // who stayed is most; the picture is of those who moved
    if (count && from !== to) links.push({ source: node("a", from), target: node("b", to), value: count, from, to });
  }
  const chart = echarts.init(box, null, { renderer: "svg" });
  chart.setOption({
    animation: false,
    tooltip: { formatter: (params) => (params.dataType === "edge" ? `${names[params.data.from]} → ${names[params.data.to]}: ${params.data.value}` : names[Number(params.name.slice(2))]) },
    series: [{ type: "sankey", layoutIterations: 0, nodeGap: 14, left: 8, right: 8, top: 8, bottom: 8, draggable: false, data: nodes, links, lineStyle: { color: "source", opacity: .35 } }],
  });
  chart.on("click", (event) => {
    if (event.dataType !== "edge") return;
    const said = new URLSearchParams(location.search);
    for (const [name, id] of [["after", "#after"], ["until", "#until"]]) said.set(name, document.querySelector(id).value);
    said.delete("which");
    said.set("from", event.data.from);
    said.set("to", event.data.to);
    location.assign(`?${said}#people`);
  });
  new ResizeObserver(() => chart.resize()).observe(box);
}

function drawTrend(box) {
  const data = JSON.parse(box.parentElement.querySelector("#trend-data").textContent);
  const chart = echarts.init(box, null, { renderer: "canvas" });
  const label = (value) => (data.share ? `${(100 * value).toFixed(1)}%` : short(value));
  chart.setOption({
    animation: false,
    aria: { enabled: true },
    toolbox: { right: 0, feature: { saveAsImage: { name: data.name, pixelRatio: 2, title: english ? "As a picture" : "存为图片", backgroundColor: "#fff" } } },
    grid: { left: 8, right: 48, top: 34, bottom: 4, containLabel: true },
    tooltip: { trigger: "axis", valueFormatter: label },
    xAxis: { type: "time", axisLabel: { hideOverlap: true, formatter: english ? "{MMM} {d}" : "{M}月{d}日" } },
    yAxis: { type: "value", scale: true, axisLabel: { formatter: label }, splitNumber: 4 },
    series: [{
      type: "line", name: data.name, data: data.points, showSymbol: data.points.length < 15, lineStyle: { width: 2, color: "#0b5d51" }, itemStyle: { color: "#0b5d51" },
      markLine: data.target === null ? undefined : { symbol: "none", silent: true, lineStyle: { color: "#d9a441", type: "dashed" }, label: { formatter: () => `${data.target_name} ${label(data.target)}`, position: "insideEndTop", color: "#7a4f00" }, data: [{ yAxis: data.target }] },
    }],
  });
  new ResizeObserver(() => chart.resize()).observe(box);
}

function drawCharts(root) {
  for (const box of root.querySelectorAll("[data-trend]:not([_echarts_instance_])")) drawTrend(box);
  for (const box of root.querySelectorAll("[data-pareto]:not([_echarts_instance_])")) drawPareto(box);
  for (const box of root.querySelectorAll("[data-sankey]:not([_echarts_instance_])")) drawSankey(box);
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
  for (const more of document.querySelectorAll(".more-nav[open]")) if (!more.contains(event.target)) more.open = false;
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
  else if (event.key === "c") document.querySelector("[data-act=call]")?.click();
  else if (event.key === "n") { form.querySelector("[name=note]").focus(); event.preventDefault(); }
});

// --- without a connection: a result waits on this device, for its writer only, until the server has it ---

const WAITING = "weihu-waiting";

function waiting() {
  const form = document.querySelector("[data-result]");
  const staff = form ? form.dataset.staff : document.body.dataset.staff;
  return JSON.parse(localStorage.getItem(WAITING) || "[]").filter((one) => one.staff === staff);
}

function keepWaiting(rows, staff) {
  const others = JSON.parse(localStorage.getItem(WAITING) || "[]").filter((one) => one.staff !== staff);
  localStorage.setItem(WAITING, JSON.stringify([...others, ...rows]));
}

function showWaiting() {
  const rows = waiting();
  const box = document.querySelector("#waiting");
  if (!box) return;
  box.hidden = rows.length === 0;
  box.querySelector("strong").textContent = rows.length;
  const refused = box.querySelector("ul");
  refused.replaceChildren(...rows.filter((one) => one.refused).map((one) => {
    const line = document.createElement("li");
    const link = Object.assign(document.createElement("a"), { href: `/today/${encodeURIComponent(one.customer)}/`, textContent: one.name });
    const remove = Object.assign(document.createElement("button"), { type: "button", className: "btn btn-sm ms-2", textContent: box.dataset.remove });
    remove.addEventListener("click", () => { keepWaiting(waiting().filter((other) => other.said.token !== one.said.token), one.staff); showWaiting(); });
    line.append(`${box.dataset.refused} `, link, ` ${one.said.note || ""}`, remove);
    return line;
  }));
  for (const one of rows.filter((row) => !row.refused)) document.querySelector(`[data-task][href$="/${CSS.escape(one.customer)}/"]`)?.classList.add("task-done");
}

function keepResult(form) {
  const said = Object.fromEntries(new FormData(form));
  delete said.csrfmiddlewaretoken;
  const rows = waiting().filter((one) => one.said.token !== said.token);
  const name = document.querySelector("[data-panel] h2").textContent.trim();
  rows.push({ staff: form.dataset.staff, customer: form.dataset.result, name, address: form.getAttribute("action"), said });
  keepWaiting(rows, form.dataset.staff);
  form.reset();
  form.querySelector("[name=token]").value = crypto.randomUUID();
  showWaiting();
}

let sending = false;

async function sendWaiting() {
  if (sending || !navigator.onLine) return;
  sending = true;
  let sent = 0;
  try {
    for (const one of waiting().filter((row) => !row.refused)) {
      const token = JSON.parse(document.body.getAttribute("hx-headers"))["X-CSRFToken"];
      const answer = await fetch(one.address, { method: "POST", body: new URLSearchParams(one.said), redirect: "manual", headers: { "X-CSRFToken": token, "HX-Request": "true" } });
      if (answer.type === "opaqueredirect") break;  // wants a new login first
      if (!answer.ok) {  // found fault with it: it stays here, and is shown
        keepWaiting(waiting().map((other) => (other.said.token === one.said.token ? { ...other, refused: answer.status } : other)), one.staff);
        continue;
      }
      keepWaiting(waiting().filter((other) => other.said.token !== one.said.token), one.staff);
      sent += 1;
    }
  } catch { /* still no connection */ } finally { sending = false; }
  showWaiting();
  if (sent && document.querySelector("[data-panel]")) location.assign("/");
}

document.addEventListener("htmx:sendError", (event) => {
  const form = event.target.closest("[data-result]");
  if (form) keepResult(form);
});

// without a connection another task of the list can be recorded all the same
document.addEventListener("click", (event) => {
  const task = event.target.closest("[data-task]");
  const form = document.querySelector("[data-result]");
  if (!task || !form || navigator.onLine) return;
  const customer = decodeURIComponent(new URL(task.href).pathname.split("/").filter(Boolean).at(-1));
  form.dataset.result = customer;
  for (const name of ["action", "hx-post"]) form.setAttribute(name, `/customers/${encodeURIComponent(customer)}/contacts/`);
  form.reset();
  form.querySelector("[name=token]").value = crypto.randomUUID();
  const panel = document.querySelector("[data-panel]");
  panel.querySelector("h2").textContent = task.querySelector(".task-name").textContent;
  panel.querySelector(".card-body").textContent = task.querySelector(".task-why").textContent;
  htmx.process(form);
});

addEventListener("online", sendWaiting);
setInterval(sendWaiting, 20000);

document.addEventListener("htmx:afterSwap", (event) => {
  drawCharts(document);
  showWaiting();
  const number = document.querySelector("[data-call]:not([data-called])");
  if (number) {
    number.dataset.called = "1";
    number.focus();
    if (matchMedia("(pointer: coarse)").matches) location.href = number.href;
  }
  const panel = document.querySelector("[data-panel]");
  if (event.target.id === "panel" && panel) {
    if (matchMedia("(max-width: 767px)").matches) event.target.scrollIntoView({ block: "start" });
    choose(document.querySelector(`[data-task][href$="/${CSS.escape(panel.dataset.panel)}/"]`));
  }
});

document.addEventListener("DOMContentLoaded", () => { drawCharts(document); showWaiting(); sendWaiting(); });
