// @ts-check
// The table of a report. Columns that have no room beside the others go on in a table below, each
// with the columns that say what its rows are about.

import { element, prose } from "./report_elements.js";
import { topic, writing } from "./report_words.js";

/** @typedef {import("./report_types").Answer} Answer */
/** @typedef {import("./report_types").Cell} Cell */
/** @typedef {import("./report_types").Writing} Writing */

const ROWS_MAX = 500;
// Longer names may wrap.
const NAME_MIN = 15;
// On a phone a table scrolls: split to that width it would be many.
const SPLIT_FROM = "(width >= 60rem)";

/** @param {Answer} answer */
export function table(answer) {
  const write = writing(answer);
  if (answer.rows.length === 1) return boxed(answer, single(answer, write));
  const places = answer.columns.map((_, place) => place);
  const whole = () => several(answer, write, places, "the figures");
  const tables = element("div", {}, whole());
  let drawn = 0;
  const observer = new ResizeObserver(([{ contentRect }]) => {
    const width = Math.floor(contentRect.width);
    if (!width || width === drawn) return;
    drawn = width;
    tables.replaceChildren(whole());
    const parts = split(answer, widths(tables), width);
    if (!matchMedia(SPLIT_FROM).matches || parts.length < 2) return;
    const shown = parts.map((part, number) =>
      several(answer, write, part, number ? `more figures, ${number}` : "the figures"),
    );
    tables.replaceChildren(...shown);
  });
  observer.observe(tables);
  return tables;
}

/** @param {Element} tables */
const widths = (tables) =>
  [...tables.querySelectorAll("thead th")].map((head) => head.getBoundingClientRect().width);

/** The places of the columns of each table, so that all of them fit.
 * @param {Pick<Answer, "columns">} answer @param {number[]} widthOf of each column, in pixels
 * @param {number} room @returns {number[][]} */
export function split({ columns }, widthOf, room) {
  const figures = columns.findIndex(({ type }) => isFigure(type));
  const heads = columns.map((_, place) => place).slice(0, Math.max(1, figures));
  const widthOfAll = (/** @type {number[]} */ places) =>
    places.reduce((sum, place) => sum + widthOf[place], 0);
  const parts = [[...heads]];
  for (let place = heads.length; place < columns.length; place += 1) {
    const part = parts[parts.length - 1];
    const isFull = part.length > heads.length && widthOfAll([...part, place]) > room;
    if (isFull) parts.push([...heads, place]);
    else part.push(place);
  }
  return parts;
}

/** @param {Answer} answer @param {Node[]} content @param {string} [name] */
function boxed(answer, content, name = "the figures") {
  const caption = element("caption", {}, `${topic(answer)}, ${name}`);
  const made = element("table", {}, caption, ...content);
  const box = { class: "table", tabindex: "0", role: "region", "aria-label": caption.textContent };
  return element("div", box, made);
}

/** The table of a report with one row: a line for each column.
 * @param {Answer} answer @param {Writing} write */
function single(answer, write) {
  const rows = answer.columns.map((column, place) =>
    element(
      "tr",
      {},
      element("th", { scope: "row" }, write.label(column.name)),
      element("td", { class: "figure" }, write.cell(column, answer.rows[0][place])),
      element("td", { class: "meaning" }, ...prose(column.description, write)),
    ),
  );
  return [element("tbody", {}, ...rows)];
}

/** A table of some columns. @param {Answer} answer @param {Writing} write @param {number[]} places
 * @param {string} name */
function several(answer, write, places, name) {
  const head = places.map((place) => {
    const { name, type, description } = answer.columns[place];
    /** @type {Record<string, string>} */
    const figure = isFigure(type) ? { class: "figure" } : {};
    const title = write.plain(description);
    return element("th", { scope: "col", title, ...figure }, write.label(name));
  });
  const rows = (/** @type {Cell[][]} */ from) =>
    from.map((row) => line(answer, write, places, row));
  const body = element("tbody", {}, ...rows(answer.rows.slice(0, ROWS_MAX)));
  const content = [
    element("thead", {}, element("tr", {}, ...head)),
    body,
    ...sums(answer, write, places),
  ];
  const box = boxed(answer, content, name);
  if (answer.rows.length <= ROWS_MAX) return box;
  const more = element("button", { type: "button", class: "more" });
  more.append(`Show all ${answer.rows.length.toLocaleString()} rows`);
  more.addEventListener("click", () => {
    body.append(...rows(answer.rows.slice(ROWS_MAX)));
    more.remove();
  });
  box.append(more);
  return box;
}

/** The last line of a table: the sums of the columns that have one.
 * @param {Answer} answer @param {Writing} write @param {number[]} places */
function sums({ columns, totals }, write, places) {
  if (!places.some((place) => columns[place].name in totals)) return [];
  const cells = places.map((place, number) => {
    const { name } = columns[place];
    if (!number) return element("th", { scope: "row" }, "Total");
    const sum = name in totals ? write.cell(columns[place], totals[name]) : "";
    return element("td", { class: "figure" }, sum);
  });
  return [element("tfoot", {}, element("tr", {}, ...cells))];
}

/** @param {Answer} answer @param {Writing} write @param {number[]} places @param {Cell[]} row */
function line(answer, write, places, row) {
  const cells = places.map((place, number) => {
    const column = answer.columns[place];
    const written = write.cell(column, row[place]);
    const isLong = column.type === "string" && written.length > NAME_MIN;
    /** @type {Record<string, string>} */
    const kind = isFigure(column.type) ? { class: "figure" } : isLong ? { class: "name" } : {};
    return number
      ? element("td", kind, written)
      : element("th", { scope: "row", ...kind }, written);
  });
  return element("tr", {}, ...cells);
}

/** @param {string} type */
const isFigure = (type) => type === "integer" || type === "decimal";
