// The people around a customer; a click on one who is a customer opens that page.

import { draw, GOLD, GREEN, GREY, readData } from "./frame.js";

const COLOURS = { self: GREEN, customer: "#5aa396", person: GOLD, hidden: GREY };

export function drawNetwork(box) {
  const data = readData(box, "network-data");
  const chart = draw(box, {
    series: [
      {
        type: "graph",
        layout: "force",
        roam: false,
        force: { repulsion: 260, edgeLength: 70, layoutAnimation: false },
        label: { show: true, position: "bottom", color: "#334" },
        edgeLabel: { show: true, fontSize: 10, color: "#667382", formatter: (edge) => edge.data.name },
        lineStyle: { color: "#b5c9c4" },
        data: data.nodes.map((node) => ({
          id: node.id,
          name: node.id,
          symbolSize: node.role === "self" ? 34 : 22,
          itemStyle: { color: COLOURS[node.role] },
          label: { formatter: node.name },
        })),
        links: data.edges.map((edge) => ({ source: edge.from, target: edge.to, name: edge.name })),
      },
    ],
  });
  chart.on("click", (event) => {
    const node = data.nodes.find((other) => other.id === event.name);
    if (node?.role === "customer") location.href = `/customers/${encodeURIComponent(node.id)}/`;
  });
}
