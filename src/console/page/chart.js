// Small charts as SVG: grouped bars by month, and bars in a table. Every figure stands in a title too.

import { h, svg } from "./dom.js";
import { count, shortYuan } from "./format.js";

const LEFT = 52;
const BOTTOM = 22;
const TOP = 8;

// A round step so that three to five lines cover the largest value.
function step(most) {
  const size = 10 ** Math.floor(Math.log10(most || 1));
  return [0.2, 0.5, 1, 2, 2.5].map((part) => part * size).find((one) => most / one <= 5) ?? size;
}

// `series`: [{ name, class, values }], one value for each of `labels`.
export function bars(labels, series, options = {}) {
  const shown = options.money ? shortYuan : count;
  const exact = options.exact ?? shown;
  const width = options.width ?? 560;
  const height = options.height ?? 190;
  const most = Math.max(1, ...series.flatMap((one) => one.values));
  const unit = Math.max(step(most), options.money ? 1 : 1);
  const top = Math.ceil(most / unit) * unit;
  const inner = height - BOTTOM - TOP;
  const y = (value) => TOP + inner - (value / top) * inner;
  const slot = (width - LEFT) / Math.max(1, labels.length);
  const gap = Math.min(18, slot * 0.3);
  const bar = Math.min(26, (slot - gap) / series.length);
  const lines = [];
  for (let value = 0; value <= top + unit / 2; value += unit) {
    lines.push(
      svg("line", { x1: LEFT, x2: width, y1: y(value), y2: y(value), class: value === 0 ? "axis" : "grid" }),
      svg("text", { x: LEFT - 6, y: y(value) + 4, class: "tick end" }, shown(value)));
  }
  const every = Math.ceil(labels.length / Math.max(1, Math.floor((width - LEFT) / 62)));
  const columns = labels.flatMap((label, at) => {
    const middle = LEFT + slot * (at + 0.5);
    const from = middle - (bar * series.length) / 2;
    const one = series.map((each, nth) => {
      const value = Math.max(0, each.values[at]);
      return svg("rect", { x: from + bar * nth, width: Math.max(1, bar - 1), y: y(value), height: Math.max(0, y(0) - y(value)), class: each.class },
        svg("title", {}, `${label} ${each.name} ${exact(each.values[at])}`));
    });
    const text = at % every === 0 && svg("text", { x: middle, y: height - 6, class: "tick middle" }, label);
    return [...one, text];
  });
  const words = series.map((each) => `${each.name}: ${labels.map((label, at) => `${label} ${exact(each.values[at])}`).join("; ")}`);
  return h("figure", { class: "chart" },
    h("figcaption", {}, options.title && h("span", { class: "chart-title" }, options.title),
      series.map((each) => h("span", { class: "key" }, h("i", { class: each.class }), each.name))),
    svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `${options.title ?? ""}. ${words.join(". ")}`, class: "bars" }, lines, columns));
}

// Parts of one bar, such as alerts by level: [{ class, value, title }].
export function stack(parts, most) {
  const total = parts.reduce((sum, part) => sum + part.value, 0);
  return h("span", { class: "stack", "aria-hidden": "true", css: { width: `${most ? (100 * total) / most : 0}%` } },
    parts.filter((part) => part.value > 0).map((part) => h("i", { class: part.class, title: part.title, css: { "flex-grow": part.value } })));
}
