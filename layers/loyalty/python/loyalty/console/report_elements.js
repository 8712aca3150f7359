// @ts-check
// The text and the table of a report. Text of an answer always becomes text nodes, never markup.

import { capitalized, topic, writing } from "./report_words.js";

/** @typedef {import("./report_types").Answer} Answer */
/** @typedef {import("./report_types").Cell} Cell */
/** @typedef {import("./report_types").Writing} Writing */

const ROWS_MAX = 500;
// Longer names may wrap.
const NAME_MIN = 15;

/**
 * @template {keyof HTMLElementTagNameMap} Name
 * @param {Name} name @param {Record<string, string>} [attributes] @param {(Node | string)[]} children
 */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/** @param {Answer} answer @param {boolean} isAlone */
export function heading(answer, isAlone) {
  const { program } = answer;
  const write = writing(answer);
  const question = answer.title.slice(topic(answer).length + 1).trim();
  const [first, last] = [answer.first_day, answer.last_day].map((day) => write.value("day", day));
  const asOf = `as of ${write.instant(answer.as_of)} (${program.time_zone})`;
  return [
    element(
      "header",
      {},
      element("p", { class: "program" }, element("bdi", {}, program.name)),
      ...(isAlone ? [element("h1", {}, topic(answer))] : []),
      element("p", { class: "question" }, capitalized(question)),
      element("p", { class: "period" }, `${first} – ${last} · ${asOf}`),
    ),
  ];
}

/** What a report counts and what its columns mean. @param {Answer} answer */
export function meaning(answer) {
  const write = writing(answer);
  const columns = answer.columns.flatMap(({ name, description }) => [
    element("dt", {}, write.label(name)),
    element("dd", {}, ...prose(description)),
  ]);
  return [
    element(
      "details",
      {},
      element("summary", {}, "What this counts"),
      ...answer.about.split("\n\n").filter(Boolean).map(paragraph),
      element("dl", {}, ...columns),
    ),
  ];
}

/** @param {string} text */
function paragraph(text) {
  return text.startsWith("    ")
    ? element("pre", {}, text.replace(/^ {4}/gm, ""))
    : element("p", {}, ...prose(text));
}

/** The Markdown that reports use. Links lead to other parts of the docs: only their text stays.
 * @param {string} text */
export const prose = (text) =>
  text
    .replace(/\[([^\]]+)\]\([^)]*\)/g, "$1")
    .split("`")
    .map((part, place) => (place % 2 ? element("code", {}, part) : part));

/** @param {Answer} answer */
export function table(answer) {
  const write = writing(answer);
  const rows = answer.rows.length === 1 ? single(answer, write) : several(answer, write);
  const caption = element("caption", {}, `${topic(answer)}, the figures`);
  const made = element("table", {}, caption, ...rows);
  const box = { class: "table", tabindex: "0", role: "region", "aria-label": caption.textContent };
  if (answer.rows.length <= ROWS_MAX) return element("div", box, made);
  const more = element("button", { type: "button", class: "more" });
  more.append(`Show all ${answer.rows.length.toLocaleString()} rows`);
  more.addEventListener("click", () => {
    made.tBodies[0].append(...answer.rows.slice(ROWS_MAX).map((row) => line(answer, write, row)));
    more.remove();
  });
  return element("div", box, made, more);
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
      element("td", { class: "meaning" }, ...prose(column.description)),
    ),
  );
  return [element("tbody", {}, ...rows)];
}

/** @param {Answer} answer @param {Writing} write */
function several(answer, write) {
  const head = answer.columns.map(({ name, type, description }) => {
    /** @type {Record<string, string>} */
    const figure = isFigure(type) ? { class: "figure" } : {};
    return element("th", { scope: "col", title: description, ...figure }, write.label(name));
  });
  const shown = answer.rows.slice(0, ROWS_MAX).map((row) => line(answer, write, row));
  return [element("thead", {}, element("tr", {}, ...head)), element("tbody", {}, ...shown)];
}

/** @param {Answer} answer @param {Writing} write @param {Cell[]} row */
function line(answer, write, row) {
  const cells = answer.columns.map((column, place) => {
    const written = write.cell(column, row[place]);
    const isLong = column.type === "string" && written.length > NAME_MIN;
    /** @type {Record<string, string>} */
    const kind = isFigure(column.type) ? { class: "figure" } : isLong ? { class: "name" } : {};
    return place === 0
      ? element("th", { scope: "row", ...kind }, written)
      : element("td", kind, written);
  });
  return element("tr", {}, ...cells);
}

/** @param {string} type */
const isFigure = (type) => type === "integer" || type === "decimal";
