// Indices over the number of segments: a small chart for each, the number on this page marked.
import { number, percent, plain } from "./words.js";

export function panels(data, env) {
  const { theme } = env;
  const shown = data.panels.filter(({ values }) => values.some((value) => value !== null));
  const columns = env.width < 420 ? 1 : env.width < 760 ? 2 : 3;
  const rows = Math.ceil(shown.length / columns);
  const width = env.width / columns;
  const height = 190;
  const chosen = data.k.indexOf(data.chosen);
  const say = (panel, value) => (panel.percent ? percent(value) : number(value));
  const hint = (i, at) => {
    const panel = shown[i];
    const error = panel.errors && panel.errors[at] ? ` \u00b1 ${say(panel, panel.errors[at])}` : "";
    return `${data.k[at]}: ${plain(panel.name)} ${say(panel, panel.values[at])}${error}`;
  };
  const place = (i) => ({ x: (i % columns) * width, y: Math.floor(i / columns) * height });
  const stops = [];
  shown.forEach((panel, i) => panel.values.forEach((value, at) => {
    if (value !== null) stops.push({ series: i, index: at, text: hint(i, at) });
  }));
  return {
    height: rows * height,
    stops,
    option: {
      title: shown.map(({ name, note }, i) => ({
        text: plain(name), subtext: plain(note), left: place(i).x + 4, top: place(i).y, itemGap: 2, padding: 0,
        textStyle: { fontSize: 13, color: theme.ink, fontWeight: 600 },
        subtextStyle: { fontSize: 11, color: theme.soft },
      })),
      grid: shown.map((_, i) => ({
        left: place(i).x + 46, top: place(i).y + 44, width: width - 66, height: height - 80,
      })),
      xAxis: shown.map((_, i) => ({
        type: "category", gridIndex: i, data: data.k, axisTick: { show: false },
        axisLine: { lineStyle: { color: theme.line } }, axisLabel: { color: theme.soft, fontSize: 11 },
      })),
      yAxis: shown.map(({ percent: isShare }, i) => ({
        type: "value", gridIndex: i, scale: true, splitNumber: 3,
        splitLine: { lineStyle: { color: theme.line } },
        axisLabel: {
          color: theme.soft, fontSize: 11,
          formatter: (value) => (isShare ? `${Math.round(100 * value)} %` : value.toLocaleString("en-US")),
        },
      })),
      tooltip: { formatter: ({ seriesIndex, dataIndex }) => hint(seriesIndex, dataIndex) },
      series: shown.map((panel, i) => ({
        type: "line", xAxisIndex: i, yAxisIndex: i,
        lineStyle: { color: theme.neutral, width: 1.5 },
        data: panel.values.map((value, at) => ({
          value, symbol: "circle", symbolSize: at === chosen ? 11 : 6,
          itemStyle: { color: at === chosen ? `rgb(${theme.high.join(",")})` : theme.neutral },
        })),
      })),
    },
  };
}
