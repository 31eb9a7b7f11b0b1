// Who moved from which grade to which; a click on a stream lists its customers.

import { draw, GREY, readData } from "./frame.js";

const GRADES = ["#98a2ad", "#6d93bd", "#3f9d86", "#5b6fd0", "#d9a441", "#8a3a26"];

// Nodes and streams of the picture. The last rank stands for "no customer"; who stayed is most and is left out.
function streams({ names, matrix }) {
  const last = names.length - 1;
  const colour = (rank) => (rank === last ? GREY : GRADES[Math.round((5 * rank) / Math.max(1, last - 1))]);
  const nodes = new Map();
  const links = [];
  const node = (side, rank) => {
    const name = `${side} ${rank}`;
    const label = { formatter: names[rank], position: side === "a" ? "right" : "left" };
    if (!nodes.has(name))
      nodes.set(name, { name, depth: side === "a" ? 0 : 1, itemStyle: { color: colour(rank) }, label });
    return name;
  };
  const order = [...names.keys()].reverse();
  for (const from of order) {
    for (const to of order.filter((rank) => rank !== last && rank !== from)) {
      const value = matrix[from][to];
      if (value) links.push({ source: node("a", from), target: node("b", to), value, from, to });
    }
  }
  return { nodes: [...nodes.values()], links };
}

function showCustomers(from, to) {
  const query = new URLSearchParams(location.search);
  for (const name of ["after", "until"]) query.set(name, document.querySelector(`#${name}`).value);
  query.delete("which");
  query.set("from", from);
  query.set("to", to);
  location.assign(`?${query}#people`);
}

export function drawMigration(box) {
  const data = readData(box, "sankey-data");
  const { nodes, links } = streams(data);
  const name = (params) =>
    params.dataType === "edge"
      ? `${data.names[params.data.from]} → ${data.names[params.data.to]}: ${params.data.value}`
      : data.names[Number(params.name.slice(2))];
  const chart = draw(box, {
    tooltip: { formatter: name },
    series: [
      {
        type: "sankey",
        layoutIterations: 0,
        nodeGap: 14,
        left: 8,
        right: 8,
        top: 8,
        bottom: 8,
        draggable: false,
        data: nodes,
        links,
        lineStyle: { color: "source", opacity: 0.35 },
      },
    ],
  });
  chart.on("click", (event) => {
    if (event.dataType === "edge") showCustomers(event.data.from, event.data.to);
  });
}
