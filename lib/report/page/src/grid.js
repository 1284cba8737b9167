// Customers by two scores: the darker, the more.
import { inkOn, mix, plain } from "./words.js";

export function grid(data, env) {
  const { theme } = env;
  const most = Math.max(1, ...data.cells.map(([, , n]) => n ?? 0));
  const scores = Array.from({ length: data.bins }, (_, i) => String(i + 1));
  const size = Math.min(64, Math.max(34, (env.width - 70) / data.bins));
  const colour = (n) => mix(theme.low, theme.high, Math.sqrt((n ?? 0) / most));
  const show = (n) => (n === null ? env.hidden : n.toLocaleString("en-US"));
  const hint = ([x, y, n]) =>
    `${plain(data.y)}${y + 1}, ${plain(data.x)}${x + 1}\n${plain(data.unit)}: ${show(n)}`;
  const axis = (name) => ({
    type: "category", data: scores, name: plain(name).trim(), nameLocation: "middle", nameGap: 28,
    nameTextStyle: { color: theme.soft }, axisTick: { show: false }, axisLine: { show: false },
    axisLabel: { color: theme.soft },
  });
  return {
    height: Math.round(size * data.bins * 0.72) + 60,
    stops: data.cells.map((cell, i) => ({ series: 0, index: i, text: hint(cell).replace("\n", ", ") })),
    option: {
      grid: { left: 56, width: size * data.bins, top: 8, bottom: 46 },
      xAxis: axis(data.x),
      yAxis: axis(data.y),
      tooltip: { formatter: ({ dataIndex }) => hint(data.cells[dataIndex]) },
      series: [{
        type: "custom",
        data: data.cells.map(([x, y, n]) => [x, y, n ?? 0]),
        renderItem: (params, api) => {
          const [x, y] = api.coord([api.value(0), api.value(1)]);
          const [width, height] = api.size([1, 1]);
          const n = data.cells[params.dataIndex][2];
          return {
            type: "group",
            children: [
              {
                type: "rect", style: { fill: colour(n), stroke: theme.paper, lineWidth: 2 },
                shape: { x: x - width / 2, y: y - height / 2, width, height },
              },
              {
                type: "text",
                style: {
                  text: show(n), x, y, align: "center", verticalAlign: "middle", fontSize: 12,
                  fill: inkOn(colour(n)),
                },
              },
            ],
          };
        },
      }],
    },
  };
}
