// @ts-check
// Plots of a report: columns and lines over steps, and what every plot has. `Plot`, the chart library,
// must be loaded before.

import { element, prose } from "./report_elements.js";
import {
  columnOf,
  measure,
  measureLabel,
  measureUnit,
  quotient,
  seriesLabel,
  seriesOf,
  stepsOf,
  withValue,
} from "./report_measures.js";
import { SIGNED, topic } from "./report_words.js";

/** @typedef {import("./report_types").Answer} Answer */
/** @typedef {import("./report_types").Case} Case */
/** @typedef {import("./report_types").Cell} Cell */
/** @typedef {import("./report_types").Data} Data */
/** @typedef {import("./report_types").Writing} Writing */

const SERIES = 5;
/** The column of the steps of a report over time. */
const STEPS = "starts_on";
const LETTER = 7.2;
/** The look of a tooltip. */
export const TIP = { fill: "var(--paper)", lineHeight: 1.3 };

/** @param {Data} data */
export function column(data) {
  const domain = stepsOf(data);
  const bars = Plot.barY(withValue(data.cases), { x: "x", y: "value", fill: "series" });
  const padding = domain.length > data.width / 6 ? 0 : 0.15;
  return framed(data, [bars], { type: "band", domain, padding });
}

/** @param {Data} data */
export function lines(data) {
  const domain = stepsOf(data);
  const r = domain.length > 60 ? 0 : 3;
  const marks = [
    Plot.lineY(data.cases, { x: "x", y: "value", stroke: "series", strokeWidth: 2 }),
    Plot.dot(withValue(data.cases), { x: "x", y: "value", fill: "series", r }),
  ];
  return framed(data, marks, { type: "point", domain });
}

/** A plot with axes and a legend.
 * @param {Data} data @param {unknown[]} marks @param {Record<string, any> & { domain: Cell[] }} x */
export function framed(data, marks, x) {
  const { answer, cases, write, width, isSmall } = data;
  const { domain } = x;
  const across = columnOf(answer, answer.chart.x);
  const upward = measureUnit(answer, answer.chart.y[0]);
  const written = domain.map((step) => write.tick(across.unit, step));
  const marginLeft = longest(atTheTop(data).map((top) => write.value(upward, top, true))) + 14;
  const widest = longest(written.flatMap((text) => text.split("\n"))) + 10;
  const every = Math.ceil((domain.length * widest) / (width - marginLeft - 20));
  const ticks = domain.filter((_, place) => place % every === 0);
  const drawn = plotted(answer, {
    width,
    height: isSmall ? 200 : Math.min(380, Math.max(240, width * 0.42)),
    marginLeft,
    marginTop: 12,
    marginBottom: written.some((text) => text.includes("\n")) ? 44 : 30,
    x,
    y: { nice: true },
    color: colors(cases),
    marks: [
      Plot.gridY({ ticks: 5, stroke: "var(--line)", strokeOpacity: 1 }),
      Plot.axisY({
        ticks: 5,
        tickSize: 0,
        label: null,
        tickFormat: (/** @type {number} */ value) => write.value(upward, value, true),
      }),
      Plot.axisX({
        ticks,
        tickSize: 0,
        label: null,
        lineHeight: 1.2,
        tickFormat: (/** @type {Cell} */ step, /** @type {number} */ place) =>
          write.tick(across.unit, step, ticks[place - 1]),
      }),
      ...marks,
      Plot.ruleY([0], { stroke: "var(--ink)", strokeWidth: 1 }),
      tip(data, domain),
    ],
  });
  return element("figure", {}, ...legend(data), drawn, ...axisNote(data));
}

/** An upper limit for the width of the longest text. @param {string[]} texts */
export const longest = (texts) => Math.max(...texts.map(({ length }) => length)) * LETTER;

/** The candidates for the top label of an axis: the highest value, or a rounder one above it.
 * @param {Data} data */
function atTheTop({ answer, cases }) {
  const totals = Map.groupBy(withValue(cases), ({ x }) => x);
  const isStacked = answer.chart.kind === "column";
  const tops = [...totals.values()].map((here) =>
    here.reduce((sum, { value }) => (isStacked ? sum + value : Math.max(sum, value)), 0),
  );
  const top = Math.max(...tops);
  return [top, top * 1.25];
}

/** A caption below an axis that says what its steps are. The steps of a report over time say it
 * themselves. @param {Data} data */
export function axisNote({ answer, write, isSmall }) {
  const { name, description } = columnOf(answer, answer.chart.x);
  if (name === STEPS) return [];
  const words = isSmall ? [] : [": ", ...prose(description, write)];
  return [element("figcaption", {}, write.label(name), ...words)];
}

/** The tooltip of each step, with the values of all its series.
 * @param {Data} data @param {Cell[]} domain */
function tip({ answer, cases, write }, domain) {
  const across = columnOf(answer, answer.chart.x);
  const byStep = Map.groupBy(withValue(cases), ({ x }) => x);
  const tips = domain.map((x) => {
    const here = byStep.get(x) ?? [];
    const values = here.map(({ series, value }) => {
      return `${seriesLabel(answer, write, series)}: ${measure(answer, write, series, value)}`;
    });
    const y = Math.max(0, ...here.map(({ value }) => value));
    const step = write.value(across.unit, x, answer.by === "month");
    return { x, y, title: [step, ...values].join("\n") };
  });
  return Plot.tip(tips, Plot.pointerX({ x: "x", y: "y", title: "title", ...TIP }));
}

/** A plot with a label. Its own style sheet is removed, because the page's policy forbids it, and
 * the labels of its parts, because they are nobody's: the plot is one picture.
 * @param {Answer} answer @param {Record<string, unknown>} options @returns {SVGElement | HTMLElement}
 */
export function plotted(answer, options) {
  const drawn = Plot.plot({
    ariaLabel: `${topic(answer)}: a chart of the figures in the table below`,
    style: { fontSize: "12px" },
    ...options,
  });
  for (const style of drawn.querySelectorAll("style")) style.remove();
  for (const part of drawn.querySelectorAll("[aria-label]")) part.removeAttribute("aria-label");
  drawn.setAttribute("role", "img");
  return drawn;
}

/** The legend: what is measured, and the color of each series. @param {Data} data */
export function legend({ answer, cases, write }) {
  const found = seriesOf(cases);
  const title = measureTitle(answer, write, found.length);
  const heading = title ? [element("p", { class: "measure" }, title)] : [];
  if (found.length === 1) return heading;
  const items = found.map((series, place) =>
    element("li", { class: `series-${1 + (place % SERIES)}` }, seriesLabel(answer, write, series)),
  );
  return [...heading, element("ul", { class: "legend" }, ...items)];
}

/** What all series measure: its name, or the unit if each series is a different measure.
 * @param {Answer} answer @param {Writing} write @param {number} series */
function measureTitle(answer, write, series) {
  const [first] = answer.chart.y;
  if (answer.chart.series === null && series > 1) {
    const unit = measureUnit(answer, first);
    const title = write.label(unit);
    return SIGNED.has(unit) || title === topic(answer) ? null : title;
  }
  const name = measureLabel(answer, write, first);
  const parts = first.split(" / ");
  if (parts.length === 1 || name === quotient(write, first)) return name;
  return `${name}: ${quotient(write, first).toLocaleLowerCase()}`;
}

/** @param {Case[]} cases */
export function colors(cases) {
  const domain = seriesOf(cases);
  return { domain, range: domain.map((_, place) => `var(--series-${1 + (place % SERIES)})`) };
}
