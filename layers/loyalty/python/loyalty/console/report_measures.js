// @ts-check
// What the chart of a report measures: its values by x and series, its steps, and what they are called.

import { capitalized } from "./report_words.js";

/** @typedef {import("./report_types").Answer} Answer */
/** @typedef {import("./report_types").Case} Case */
/** @typedef {import("./report_types").Cell} Cell */
/** @typedef {import("./report_types").Column} Column */
/** @typedef {import("./report_types").Data} Data */
/** @typedef {import("./report_types").KnownCase} KnownCase */
/** @typedef {import("./report_types").Writing} Writing */

/** The values of a chart: one for each x and series, summed over the rows that share them.
 * @param {Pick<Answer, "chart" | "columns" | "rows">} answer @returns {Case[]} */
export function measured({ chart, columns, rows }) {
  const placeOf = (/** @type {string} */ name) => columns.findIndex((each) => each.name === name);
  const [across, apart] = [placeOf(chart.x ?? ""), placeOf(chart.series ?? "")];
  const measures = chart.y.map((measure) => ({
    measure,
    places: measure.split(" / ").map(placeOf),
  }));
  /** @type {Map<string, { x: Cell, series: Cell, part: number | null, whole: number }>} */
  const sums = new Map();
  for (const row of rows) {
    const x = row[across];
    for (const { measure, places } of measures) {
      const series = chart.series === null ? measure : row[apart];
      const [part, whole] = /** @type {(number | null | undefined)[]} */ (
        places.map((place) => row[place])
      );
      const key = JSON.stringify([x, series]);
      const sum = sums.get(key) ?? { x, series, part: null, whole: 0 };
      if (typeof part === "number") sum.part = (sum.part ?? 0) + part;
      sum.whole = whole === undefined ? 1 : sum.whole + (whole ?? 0);
      sums.set(key, sum);
    }
  }
  return [...sums.values()].map(({ x, series, part, whole }) => {
    return { x, series, value: part === null || !whole ? null : part / whole };
  });
}

/** @param {Case[]} cases @returns {KnownCase[]} */
export const withValue = (cases) =>
  /** @type {KnownCase[]} */ (cases.filter(({ value }) => value !== null));

/** @param {Case[]} cases */
export const seriesOf = (cases) => [...new Set(cases.map(({ series }) => series))];

/** @param {Pick<Answer, "columns">} answer @param {Cell} name @returns {Column} */
export const columnOf = (answer, name) =>
  /** @type {Column} */ (answer.columns.find((column) => column.name === name));

/** The column of a measure, or the column that is described as this quotient.
 * @param {Pick<Answer, "columns">} answer @param {string} measure */
function measureColumn({ columns }, measure) {
  return columns.find(({ name, description }) => name === measure || description === measure);
}

/** The unit of a measure: people per people is a ratio, money per people is money.
 * @param {Pick<Answer, "columns">} answer @param {string} measure */
export function measureUnit(answer, measure) {
  const column = measureColumn(answer, measure);
  if (column) return column.unit;
  const [part, whole] = measure.split(" / ").map((name) => columnOf(answer, name).unit);
  return part === whole ? "ratio" : part;
}

/** @param {Answer} answer @param {Writing} write @param {string} measure */
export function measureLabel(answer, write, measure) {
  const column = measureColumn(answer, measure);
  return column ? write.label(column.name) : quotient(write, measure);
}

/** @param {Writing} write @param {string} measure */
export function quotient(write, measure) {
  return measure
    .split(" / ")
    .map((name, place) => (place ? write.label(name).toLocaleLowerCase() : write.label(name)))
    .join(" / ");
}

/** @param {Answer} answer @param {Writing} write @param {Cell} series @param {Cell} value */
export function measure(answer, write, series, value) {
  const name = answer.chart.series === null ? series : answer.chart.y[0];
  return write.value(measureUnit(answer, String(name)), value);
}

/** @param {Answer} answer @param {Writing} write @param {Cell} series */
export function seriesLabel(answer, write, series) {
  if (answer.chart.series === null) return measureLabel(answer, write, String(series));
  return capitalized(write.value(columnOf(answer, answer.chart.series).unit, series));
}

/** @param {Data} data */
export function stepsOf({ answer, cases }) {
  const { unit } = columnOf(answer, answer.chart.x);
  return steps(
    unit,
    cases.map(({ x }) => x),
  );
}

/** The steps of an axis in order, null last. Months and whole numbers are filled without gaps.
 * @param {string} unit @param {Cell[]} found @returns {Cell[]} */
export function steps(unit, found) {
  const distinct = [...new Set(found)].filter((step) => step !== null);
  const without = found.includes(null) ? [null] : [];
  if (unit === "month") return [...months(distinct.map(String).sort()), ...without];
  if (distinct.length && distinct.every(Number.isInteger)) {
    const numbers = distinct.map(Number);
    const first = Math.min(...numbers);
    const length = Math.max(...numbers) - first + 1;
    return [...Array.from({ length }, (_, place) => first + place), ...without];
  }
  return [...distinct, ...without];
}

/** @param {string[]} sorted */
function* months(sorted) {
  const [first] = sorted;
  if (first === undefined) return;
  const day = new Date(first);
  for (
    const last = new Date(sorted.at(-1) ?? first);
    day <= last;
    day.setUTCMonth(day.getUTCMonth() + 1)
  ) {
    yield day.toISOString().slice(0, 10);
  }
}
