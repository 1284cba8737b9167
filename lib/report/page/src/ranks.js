// Where a segment's customers stand among all, column by column, on one axis for all units: a thin line
// from the 5th to the 95th of a hundred, a thick one for the middle half, a mark at the median.
import { cut, plain, wrap } from "./words.js";

export function ranks(data, env) {
  const { segments, theme, narrow } = env;
  const { colour } = segments[data.segment];
  const rows = data.rows;
  const left = narrow ? 110 : 230;
  const right = narrow ? 12 : 170;
  const hint = (row) => {
    const { name, median, all, half, most } = rows[row];
    return [plain(name), `${data.medianWord}: ${plain(median)}`, `${data.allWord}: ${plain(all)}`,
      `${data.halfWord}: ${plain(half)}`, `${data.mostWord}: ${plain(most)}`].join("\n");
  };
  const line = (api, y, from, to, width, opacity) => {
    if (Number.isNaN(from) || Number.isNaN(to)) return null;
    const a = api.coord([from, y])[0];
    const b = api.coord([to, y])[0];
    const middle = api.coord([0, y])[1];
    return {
      type: "rect", style: { fill: colour, opacity },
      shape: { x: a, y: middle - width / 2, width: Math.max(b - a, 1), height: width, r: Math.min(2, width / 2) },
    };
  };
  const item = (_, api) => {
    const y = api.value(0);
    const at = [1, 2, 3, 4, 5].map((i) => api.value(i));
    const children = [line(api, y, at[0], at[4], 3, 0.45), line(api, y, at[1], at[3], 11, 0.55)];
    if (!Number.isNaN(at[2])) {
      const [x, middle] = api.coord([at[2], y]);
      children.push({
        type: "circle", shape: { cx: x, cy: middle, r: 6 },
        style: { fill: colour, stroke: theme.paper, lineWidth: 1.5 },
      });
    }
    return { type: "group", children: children.filter(Boolean) };
  };
  const names = rows.map(({ name }) => plain(name));
  return {
    height: rows.length * 32 + 52,
    stops: rows.map((_, row) => ({ series: 0, index: row, text: hint(row).replace(/\n/g, ", ") })),
    option: {
      grid: { left, right, top: 6, bottom: 44 },
      xAxis: {
        type: "value", min: 0, max: 1, interval: narrow ? 0.5 : 0.25, name: plain(data.axis),
        nameLocation: "middle", nameGap: 26, nameTextStyle: { color: theme.soft, fontSize: 12 },
        axisLabel: { color: theme.soft, fontSize: 11, formatter: (value) => `${Math.round(100 * value)} %` },
        splitLine: { lineStyle: { color: theme.line } },
      },
      yAxis: [
        {
          type: "category", inverse: true, data: rows.map((_, row) => row),
          axisTick: { show: false }, axisLine: { show: false },
          axisLabel: {
            color: theme.ink, fontSize: narrow ? 12 : 13, lineHeight: 14, interval: 0,
            formatter: (row) => wrap(names[Number(row)], narrow ? 17 : 33),
          },
        },
        {
          type: "category", inverse: true, position: "right", show: !narrow,
          data: rows.map((_, row) => row), axisTick: { show: false }, axisLine: { show: false },
          axisLabel: {
            color: theme.soft, fontSize: 12, interval: 0,
            formatter: (row) => {
              const { median, all } = rows[Number(row)];
              return cut(plain(`${median} (${all})`), 24);
            },
          },
        },
      ],
      tooltip: { formatter: ({ dataIndex }) => hint(dataIndex) },
      series: [
        {
          type: "custom", renderItem: item, z: 3, clip: false,
          encode: { x: [1, 2, 3, 4, 5], y: 0 },
          data: rows.map(({ ranks: at }, row) => [row, ...at.map((rank) => rank ?? NaN)]),
          markArea: {
            silent: true, itemStyle: { color: theme.band },
            data: [[{ xAxis: 0.25 }, { xAxis: 0.75 }]],
          },
          markLine: {
            silent: true, symbol: "none", label: { show: false },
            lineStyle: { color: theme.neutral, type: "solid", width: 1 }, data: [{ xAxis: 0.5 }],
          },
        },
        { type: "custom", yAxisIndex: 1, renderItem: () => null, data: rows.map((_, row) => [0, row]), silent: true },
      ],
    },
  };
}
