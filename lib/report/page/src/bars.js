// Horizontal bars, one or two for each row: segments, or levels of a segment.
import { percent, plain, segmentLabel, wrap } from "./words.js";

export function bars(data, env) {
  const { segments, theme, narrow } = env;
  const rows = data.rows || data.segments.map((s) => segmentLabel(segments, s));
  const of = (row) => (data.segments ? data.segments[row] : data.segment);
  const isDouble = data.series.length > 1;
  // The series that counts is full; the one beside it is pale (segments) or grey (levels).
  const strong = data.segments ? data.series.length - 1 : 0;
  const look = (series, row) => {
    if (series === strong) return { color: segments[of(row)].colour };
    return data.segments
      ? { color: segments[of(row)].colour, opacity: 0.4 }
      : { color: theme.neutral, opacity: 0.6 };
  };
  const label = (value) => (value === null ? env.hidden : percent(value));
  const series = data.series.map((one, i) => ({
    type: "bar",
    name: plain(one.name),
    barMaxWidth: 14,
    barGap: "15%",
    itemStyle: { color: theme.neutral, opacity: i === strong ? 1 : 0.4 },
    label: {
      show: true, position: "right", color: theme.soft, fontSize: 12, opacity: 1,
      formatter: ({ dataIndex }) => label(one.values[dataIndex]),
    },
    data: one.values.map((value, row) => ({ value: value ?? 0, itemStyle: look(i, row) })),
  }));
  const left = narrow ? 118 : 210;
  const columns = narrow ? 18 : 30;
  const hint = (row) => [
    plain(rows[row]), ...data.series.map((one) => `${plain(one.name)}: ${label(one.values[row])}`),
  ].join("\n");
  const height = rows.length * (isDouble ? 42 : 30) + 46;
  return {
    height,
    option: {
      grid: { left, right: 64, top: 34, bottom: 8 },
      legend: {
        top: 0, left: 0, icon: "roundRect", itemWidth: 12, itemHeight: 10,
        textStyle: { color: theme.soft }, selectedMode: false,
      },
      xAxis: { type: "value", min: 0, show: false },
      yAxis: {
        type: "category", inverse: true, data: rows.map(plain),
        axisTick: { show: false }, axisLine: { lineStyle: { color: theme.line } },
        axisLabel: { color: theme.ink, fontSize: narrow ? 12 : 13, lineHeight: 14, formatter: (text) => wrap(text, columns) },
      },
      tooltip: { formatter: ({ dataIndex }) => hint(dataIndex) },
      series,
    },
    stops: rows.map((_, row) => ({ series: strong, index: row, text: hint(row).replace(/\n/g, ", ") })),
  };
}
