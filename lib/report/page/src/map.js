// Customers as dots on two axes, centres as numbered marks.
import { inkOn, number, plain, segmentLabel } from "./words.js";

export function map(data, env) {
  const { segments, theme } = env;
  const points = segments.map(() => []);
  data.segment.forEach((s, i) => points[s].push([data.x[i], data.y[i]]));
  const hint = ([x, y, s]) => `${plain(segmentLabel(segments, s))}\n${number(x)}, ${number(y)}`;
  const axis = (name, gap) => ({
    type: "value", scale: true, name: plain(name), nameLocation: "middle", nameGap: gap,
    nameTextStyle: { color: theme.soft }, axisLabel: { color: theme.soft, fontSize: 11 },
    splitLine: { lineStyle: { color: theme.line } }, axisLine: { show: false }, axisTick: { show: false },
  });
  const series = segments.map(({ colour }, s) => ({
    type: "scatter", symbolSize: 5, silent: true, data: points[s],
    itemStyle: { color: colour, opacity: 0.45 }, z: 2,
  }));
  series.push({
    type: "scatter", symbolSize: 26, z: 4,
    data: data.centres.map(([x, y, s]) => ({
      value: [x, y, s],
      itemStyle: { color: segments[s].colour, borderColor: theme.paper, borderWidth: 2 },
      label: { show: true, formatter: String(s + 1), color: inkOn(segments[s].colour), fontWeight: 600 },
    })),
  });
  return {
    height: Math.round(Math.min(520, Math.max(320, env.width * 0.75))),
    stops: data.centres.map((centre, i) => ({
      series: segments.length, index: i, text: hint(centre).replace("\n", ": "),
    })),
    option: {
      grid: { left: 52, right: 16, top: 12, bottom: 44 },
      xAxis: axis(data.xTitle, 28),
      yAxis: axis(data.yTitle, 36),
      tooltip: { formatter: ({ value }) => hint(value) },
      series,
    },
  };
}
