// @ts-check
// The text of a report. Text of an answer always becomes text nodes, never markup.

import { capitalized, topic, writing } from "./report_words.js";

/** @typedef {import("./report_types").Answer} Answer */
/** @typedef {import("./report_types").Writing} Writing */

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
      ...among(answer),
    ),
  ];
}

/** Whose report it is, where it is not that of all members. @param {Answer} answer */
function among({ by_segment: isBeside, segments: [segment] }) {
  if (!segment) return [];
  const text = isBeside
    ? "Each segment by itself: a member may be in several."
    : ` · ${segment.members.toLocaleString()} members of this segment`;
  const name = isBeside ? [] : [element("bdi", {}, segment.name)];
  return [element("p", { class: "period" }, ...name, text)];
}

/** What a report counts and what its columns mean. @param {Answer} answer */
export function meaning(answer) {
  const write = writing(answer);
  const columns = answer.columns.flatMap(({ name, description }) => [
    element("dt", {}, write.label(name)),
    element("dd", {}, ...prose(description, write)),
  ]);
  return [
    element(
      "details",
      {},
      element("summary", {}, "What this counts"),
      ...answer.about
        .split("\n\n")
        .filter(Boolean)
        .map((text) => paragraph(text, write)),
      element("dl", {}, ...columns),
    ),
  ];
}

/** @param {string} text @param {Writing} write */
function paragraph(text, write) {
  return text.startsWith("    ")
    ? element("pre", {}, write.plain(text.replace(/^ {4}/gm, "")))
    : element("p", {}, ...prose(text, write));
}

/** The Markdown that reports use, with columns in words except where they are code. Links lead to
 * other parts of the docs: only their text stays.
 * @param {string} text @param {Writing} write */
export const prose = (text, write) =>
  text
    .replace(/\[([^\]]+)\]\([^)]*\)/g, "$1")
    .split("`")
    .map((part, place) => (place % 2 ? element("code", {}, part) : write.plain(part)));
