// Classes in each segment: bars that add up to all of its customers.
import { inkOn, mix, percent, plain, segmentLabel, wrap } from "./words.js";

export function stack(data, env) {
  const { segments, theme, narrow } = env;
  const n = data.parts.length;
  const colour = (part) => mix(theme.low, theme.high, n > 1 ? part / (n - 1) : 1);
  const label = (value) => (value === null ? env.withheld : percent(value));
  const left = narrow ? 118 : 210;
  const legendRows = Math.ceil((n * (narrow ? 120 : 110)) / Math.max(env.width, 200));
  const top = 14 + 22 * legendRows;
  const hint = (row, part) =>
    `${plain(segmentLabel(segments, row))}\n${plain(data.parts[part])}: ${label(data.values[row][part])}`;
  // What is not shown of a row, in grey at its end, so that every bar is whole.
  const rest = data.values.map((row) => (row.includes(null) ? 1 - row.reduce((sum, v) => sum + (v ?? 0), 0) : 0));
  const isHidden = rest.some((share) => share > 0.001);
  const stops = [];
  data.values.forEach((row, s) => row.forEach((_, part) => {
    stops.push({ series: part, index: s, text: hint(s, part).replace("\n", ", ") });
  }));
  return {
    height: segments.length * 34 + top + 12,
    stops,
    option: {
      grid: { left, right: 12, top, bottom: 4 },
      legend: {
        top: 0, left: 0, icon: "roundRect", itemWidth: 12, itemHeight: 10,
        textStyle: { color: theme.soft }, selectedMode: false,
      },
      xAxis: { type: "value", min: 0, max: 1, show: false },
      yAxis: {
        type: "category", inverse: true,
        data: segments.map((_, s) => plain(segmentLabel(segments, s))),
        axisTick: { show: false }, axisLine: { lineStyle: { color: theme.line } },
        axisLabel: {
          color: theme.ink, fontSize: narrow ? 12 : 13, lineHeight: 14,
          formatter: (text) => wrap(text, narrow ? 18 : 30),
        },
      },
      tooltip: {
        formatter: ({ dataIndex, seriesIndex }) => (seriesIndex < n ? hint(dataIndex, seriesIndex)
          : `${plain(segmentLabel(segments, dataIndex))}\n${env.withheld}`),
      },
      series: [...data.parts.map((name, part) => ({
        type: "bar", stack: "all", name: plain(name), barMaxWidth: 20,
        itemStyle: { color: colour(part), borderColor: theme.paper, borderWidth: 1 },
        label: {
          show: true, fontSize: 11, color: inkOn(colour(part)),
          formatter: ({ dataIndex }) => {
            const value = data.values[dataIndex][part];
            return value >= (narrow ? 0.2 : 0.08) ? `${Math.round(100 * value)} %` : "";
          },
        },
        data: data.values.map((row) => row[part] ?? 0),
      })), ...(isHidden ? [{
        type: "bar", stack: "all", name: env.withheld, barMaxWidth: 20, silent: false,
        itemStyle: { color: theme.band, borderColor: theme.line, borderWidth: 1, borderType: "dashed" },
        data: rest.map((share) => Math.max(share, 0)),
      }] : [])],
    },
  };
}
