// @ts-check
// Plots of a report without axes: bars, funnels and heat maps.

import { element } from "./report_elements.js";
import { columnOf, measure, steps, stepsOf, withValue } from "./report_measures.js";
import { colors, legend, longest, plotted, TIP } from "./report_plots.js";
import { topic } from "./report_words.js";

/** @typedef {import("./report_types").Case} Case */
/** @typedef {import("./report_types").Cell} Cell */
/** @typedef {import("./report_types").Data} Data */
/** @typedef {import("./report_types").KnownCase} KnownCase */
/** @typedef {import("./report_types").Writing} Writing */

const BARS_MAX = 25;

/** Horizontal bars with name and total above each, so that both fit on a phone.
 * @param {Data} data */
export function bar(data) {
  const { answer, cases, write } = data;
  const { unit } = columnOf(answer, answer.chart.x);
  const totals = new Map();
  for (const { x, value } of cases) totals.set(x, (totals.get(x) ?? 0) + value);
  const sorted = [...totals].sort(([, a], [, b]) => b - a);
  const shown = sorted.slice(0, data.isSmall ? 5 : BARS_MAX).map(([x, total]) => ({
    x,
    left: write.value(unit, x),
    right: measure(answer, write, answer.chart.y[0], total),
  }));
  const drawn = horizontalBars(data, shown, cases);
  const note = sorted.length > shown.length ? [hidden(data, shown.length, sorted.length)] : [];
  return element("figure", {}, ...legend(data), drawn, ...note);
}

/** @param {Data} data @param {number} shown @param {number} all */
function hidden({ isSmall }, shown, all) {
  const rest = isSmall ? "" : "; the table has the others";
  return element("figcaption", {}, `The first ${shown} of ${all}${rest}.`);
}

/** @param {Data} data @param {{ x: Cell, left: string, right: string }[]} shown @param {Case[]} cases */
function horizontalBars({ answer, width }, shown, cases) {
  const names = new Set(shown.map(({ x }) => x));
  const bars = withValue(cases).filter(({ x }) => names.has(x));
  const letters = { y: "x", fill: "var(--ink)", dy: -9, fontSize: 12 };
  return plotted(answer, {
    width,
    height: shown.length * 38 + 8,
    margin: 4,
    x: { axis: null },
    y: { axis: null, domain: shown.map(({ x }) => x), padding: 0 },
    color: colors(cases),
    marks: [
      Plot.barX(bars, { x: "value", y: "x", fill: "series", insetTop: 20, insetBottom: 6 }),
      Plot.text(shown, {
        ...letters,
        text: "left",
        frameAnchor: "left",
        lineWidth: (width - 110) / 12,
        textOverflow: "ellipsis-middle",
      }),
      Plot.text(shown, { ...letters, text: "right", frameAnchor: "right", fontWeight: 600 }),
    ],
  });
}

/** A funnel: how many remain at each step. @param {Data} data */
export function funnel(data) {
  const { answer, cases, write } = data;
  const { unit } = columnOf(answer, answer.chart.x);
  const remaining = withValue(cases);
  const first = remaining[0].value;
  const shown = remaining.map(({ x, value }) => ({
    x,
    left: counted(write, unit, x),
    right: `${write.value("count", value)} · ${write.value("ratio", value / first)}`,
  }));
  return element("figure", {}, horizontalBars(data, shown, cases));
}

/** @param {Writing} write @param {string} unit @param {Cell} n */
function counted(write, unit, n) {
  return `${write.value(unit, n)} ${n === 1 ? unit.replace(/s$/, "") : unit}`;
}

/** A heat map, which scrolls if it is wider than the page. @param {Data} data */
export function heatmap(data) {
  const { answer, cases, write, width, isSmall } = data;
  const across = columnOf(answer, answer.chart.x);
  const down = columnOf(answer, answer.chart.series);
  const shade = columnOf(answer, answer.chart.y[0]);
  const columns = stepsOf(data);
  const rows = steps(
    down.unit,
    cases.map(({ series }) => series),
  );
  const names = rows.map((row) => write.value(down.unit, row));
  const marginLeft = Math.min(150, longest(names) + 12);
  const heads = columns.map((step) => write.value(across.unit, step, true));
  const narrow = Math.max(isSmall ? 20 : 42, Math.min(110, longest(heads) + 8));
  const least = marginLeft + columns.length * narrow;
  const wide = Math.max(least, Math.min(width, marginLeft + columns.length * 120));
  const room = (wide - marginLeft) / columns.length;
  const most = Math.max(...cases.map(({ value }) => value ?? 0));
  const lower = (/** @type {string} */ name) => write.label(name).toLocaleLowerCase();
  const place = { x: "x", y: "series" };
  const figures = Plot.text(withValue(cases), {
    ...place,
    text: (/** @type {KnownCase} */ { value }) => write.value(shade.unit, value, room < 60),
    fill: (/** @type {KnownCase} */ { value }) =>
      value > most * 0.7 ? "var(--paper)" : "var(--ink)",
  });
  const title = (/** @type {KnownCase} */ { x, series, value }) =>
    `${write.label(down.name)}: ${write.value(down.unit, series)}\n` +
    `${write.label(across.name)}: ${write.value(across.unit, x)}\n` +
    `${write.label(shade.name)}: ${write.value(shade.unit, value)}`;
  const drawn = plotted(answer, {
    width: wide,
    height: rows.length * (isSmall ? 19 : 30) + 28,
    marginLeft,
    marginTop: 24,
    marginBottom: 4,
    x: { domain: columns, padding: 0.04 },
    y: { domain: rows, padding: 0.06 },
    opacity: { domain: [0, most], range: [0.06, 1] },
    marks: [
      Plot.axisX({
        anchor: "top",
        tickSize: 0,
        label: null,
        lineWidth: room / 12,
        textOverflow: "ellipsis-middle",
        tickFormat: (/** @type {Cell} */ _, /** @type {number} */ place) => heads[place],
      }),
      Plot.axisY({
        tickSize: 0,
        label: null,
        lineWidth: (marginLeft - 4) / 12,
        textOverflow: "ellipsis-middle",
        tickFormat: (/** @type {Cell} */ _, /** @type {number} */ place) => names[place],
      }),
      Plot.cell(withValue(cases), { ...place, fill: "var(--series-1)", fillOpacity: "value" }),
      ...(room >= 36 ? [figures] : []),
      Plot.tip(withValue(cases), Plot.pointer({ ...place, title, ...TIP })),
    ],
  });
  const caption = `${write.label(shade.name)} by ${lower(down.name)} (down) and ${lower(across.name)} (across)`;
  const box = { class: "scroll", tabindex: "0", role: "region", "aria-label": topic(answer) };
  return element(
    "figure",
    {},
    element("p", { class: "measure" }, caption),
    element("div", box, drawn),
  );
}
