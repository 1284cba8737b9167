// Draws the charts of a report from its one block of data. The page is whole without it: every number
// stands in a table. No name is ever used as markup: labels are drawn as text, hints as rich text.
import { init, use } from "echarts/core";
import { BarChart, CustomChart, LineChart, ScatterChart } from "echarts/charts";
import {
  GridComponent, LegendComponent, MarkAreaComponent, MarkLineComponent, TitleComponent,
  TooltipComponent,
} from "echarts/components";
import { SVGRenderer } from "echarts/renderers";
import { bars } from "./bars.js";
import { grid } from "./grid.js";
import { map } from "./map.js";
import { panels } from "./panels.js";
import { ranks } from "./ranks.js";
import { stack } from "./stack.js";

use([
  BarChart, CustomChart, LineChart, ScatterChart, GridComponent, LegendComponent, MarkAreaComponent,
  MarkLineComponent, TitleComponent, TooltipComponent, SVGRenderer,
]);

const kinds = { bars, grid, map, panels, ranks, stack };
const light = {
  ink: "#1c2024", soft: "#5b636c", line: "#d9dde1", paper: "#ffffff", raised: "#f6f7f8",
  neutral: "#8a939c", band: "rgba(90,100,110,0.10)", low: [232, 238, 243], high: [34, 85, 127],
};
const dark = {
  ink: "#e6e8ea", soft: "#a0a8b0", line: "#3a4047", paper: "#16191c", raised: "#1f2327",
  neutral: "#8f99a3", band: "rgba(200,210,220,0.10)", low: [33, 43, 52], high: [120, 178, 224],
};
const prefersDark = matchMedia("(prefers-color-scheme: dark)");
const page = JSON.parse(document.getElementById("kmseg-data").textContent);
const font = getComputedStyle(document.documentElement).fontFamily;
const drawn = [];
let printing = false;

/** What a chart's drawing needs: data, the page's segments, colours, and how wide it is. */
function environment(element) {
  const width = printing ? Math.min(element.clientWidth || 640, 640) : element.clientWidth;
  return {
    segments: page.segments,
    hidden: page.hidden,
    withheld: page.withheld,
    theme: prefersDark.matches && !printing ? dark : light,
    width,
    narrow: width < 480,
  };
}

function draw(entry) {
  const { element, chart } = entry;
  const env = environment(element);
  const { option, height, stops } = kinds[chart.kind](chart.data, env);
  element.style.height = `${height}px`;
  if (!entry.instance) {
    entry.instance = init(element, null, { renderer: "svg", width: env.width, height });
  } else {
    entry.instance.resize({ width: env.width, height });
  }
  entry.stops = stops;
  entry.instance.setOption({
    animation: false,
    textStyle: { fontFamily: font, color: env.theme.ink },
    ...option,
    tooltip: {
      renderMode: "richText", confine: true, trigger: "item",
      backgroundColor: env.theme.raised, borderColor: env.theme.line,
      textStyle: { color: env.theme.ink, fontSize: 13 },
      ...option.tooltip,
    },
  }, true);
}

/** Arrow keys go from value to value; each is shown as on hover, and said. */
function listen(entry) {
  const live = entry.element.parentElement.querySelector(".live");
  let at = -1;
  entry.element.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape" && entry.instance) {
      entry.instance.dispatchAction({ type: "hideTip" });
      live.textContent = "";
      at = -1;
    }
    if (!step || !entry.stops || entry.stops.length === 0) return;
    event.preventDefault();
    at = (at + step + entry.stops.length + (at < 0 && step < 0 ? 1 : 0)) % entry.stops.length;
    const stop = entry.stops[at];
    entry.instance.dispatchAction({
      type: "showTip", seriesIndex: stop.series, dataIndex: stop.index,
    });
    live.textContent = stop.text;
  });
  entry.element.addEventListener("blur", () => {
    at = -1;
    live.textContent = "";
    if (entry.instance) entry.instance.dispatchAction({ type: "hideTip" });
  });
}

function redraw() {
  for (const entry of drawn) if (entry.instance) draw(entry);
}

const folds = [...document.querySelectorAll("details.fold")];
for (const fold of folds) fold.open = false;

const seen = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) {
    const entry = drawn.find(({ element }) => element === target);
    if (isIntersecting && entry && !entry.instance) draw(entry);
  }
}, { rootMargin: "400px" });

for (const chart of page.charts) {
  const element = document.getElementById(chart.id);
  const entry = { element, chart, instance: null, stops: [] };
  element.style.minHeight = "12rem"; // until it is drawn, so that the page does not jump
  drawn.push(entry);
  listen(entry);
  seen.observe(element);
}

let wide = innerWidth;
addEventListener("resize", () => {
  if (innerWidth !== wide && !printing) {
    wide = innerWidth;
    redraw();
  }
});
prefersDark.addEventListener("change", redraw);
addEventListener("beforeprint", () => {
  printing = true;
  for (const fold of folds) fold.open = true;
  drawn.forEach(draw);
});
addEventListener("afterprint", () => {
  printing = false;
  for (const fold of folds) fold.open = false;
  redraw();
});
