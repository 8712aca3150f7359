// @ts-check
// Draws a report from the API's JSON answer: heading, chart, table, and the meaning of its columns.

import { bar, funnel, heatmap } from "./report_bars.js";
import { element, heading, meaning } from "./report_elements.js";
import { measured } from "./report_measures.js";
import { column, lines } from "./report_plots.js";
import { table } from "./report_tables.js";
import { writing } from "./report_words.js";

/** @typedef {import("./report_types").Answer} Answer */
/** @typedef {import("./report_types").Data} Data */

const CHANGE_MAX = 1000;
// While a page opens, its elements have no width for a moment.
const WIDTH_MIN = 160;
// Tables with more columns are printed in landscape.
const UPRIGHT_MAX = 10;

/** The text that replaces the chart of a report that has nothing to draw.
 * @type {Record<string, string>} */
export const NOTHING = {
  summary: "Nothing happened in this period.",
  trend: "Nobody ordered in this period.",
  sources: "Nobody ordered in this period.",
  members: "No member ordered in this period.",
  retention: "Nobody who enrolled in this period ordered.",
  repeat: "Nobody ordered in this period.",
  lifetime_value: "No customer who began in this period has brought in money yet.",
  segments: "No member ordered in this period.",
  tiers: "There are no members in this period.",
  guests: "No guest ordered in this period.",
  top_members: "No member ordered in this period.",
  at_risk_members: "No member has been silent longer than usual for them.",
  earning_rules: "No order earned in this period.",
  campaigns: "No campaign gave points for an order of this period.",
  campaign_uplift: "No campaign with a holdout ran in this period.",
  offers: "There were no offers in this period.",
  referrals: "No friend claimed a member's code in this period.",
  challenges: "No order of this period counts for a challenge, and nobody completed one.",
  activities: "No activity was recorded in this period.",
  liability: "Members hold nothing at the end of this period.",
  liability_age: "Members hold nothing at the end of this period.",
  breakage: "Nothing expired, and nothing is likely to.",
  redemption: "Nobody who enrolled in this period redeemed a reward.",
  rewards: "No reward was redeemed in this period.",
  messages: "Nobody ordered soon after a message of this period.",
  surveys: "No survey was answered in this period.",
  actions: "No staff member did anything in this period.",
  reviews: "No review was opened in this period.",
  promoters: "Nobody who answered a survey in this period ordered soon after.",
};

/**
 * Show an answer in a place, and redraw it whenever the width changes. On a page that is not about
 * it alone, the page has the heading.
 * @param {Answer} answer @param {HTMLElement} place @param {{ isAlone?: boolean }} [options]
 */
export function show(answer, place, { isAlone = true } = {}) {
  const chart = element("div", { class: "chart" });
  const figures = answer.rows.length ? [table(answer)] : [];
  place.classList.toggle("wide", answer.rows.length > 1 && answer.columns.length > UPRIGHT_MAX);
  place.replaceChildren(...heading(answer, isAlone), chart, ...figures, ...meaning(answer));
  fit(chart, (width) => drawing(answer, width));
}

/** Draw into a place, again whenever its width changes.
 * @param {Element} place @param {(width: number) => Node} draw */
export function fit(place, draw) {
  let drawn = 0;
  const observer = new ResizeObserver(([{ contentRect }]) => {
    const width = Math.floor(contentRect.width);
    if (width < WIDTH_MIN || width === drawn) return;
    drawn = width;
    place.replaceChildren(draw(width));
  });
  observer.observe(place);
}

/** The chart that an answer's report declares, drawn for a width.
 * @param {Answer} answer @param {number} width @param {{ isSmall?: boolean }} [options] @returns {Element} */
export function drawing(answer, width, { isSmall = false } = {}) {
  const { kind, facet } = answer.chart;
  if (answer.by_segment) return beside(answer, width, isSmall);
  if (kind === "figures") return answer.rows.length ? figures(answer) : nothing(answer);
  const cases = measured(answer);
  if (!cases.some(({ value }) => value)) return nothing(answer);
  if (facet !== null) return facets(answer, width, isSmall);
  const data = { answer, cases, write: writing(answer), width, isSmall };
  return { column, bar, line: lines, funnel, heatmap }[kind](data);
}

/** A chart for each value of the column that the report declares.
 * @param {Answer} answer @param {number} width @param {boolean} isSmall */
function facets(answer, width, isSmall) {
  const place = answer.columns.findIndex(({ name }) => name === answer.chart.facet);
  const one = { ...answer, chart: { ...answer.chart, facet: null } };
  return charts(one, place, answer.columns[place].unit, { width, isSmall });
}

/** A chart for each segment. @param {Answer} answer @param {number} width @param {boolean} isSmall */
function beside(answer, width, isSmall) {
  const one = { ...answer, by_segment: false };
  return charts(one, 0, answer.columns[0].unit, { width, isSmall });
}

/** A chart for each value of a column, side by side if there is room.
 * @param {Answer} answer @param {number} place @param {string} unit
 * @param {{ width: number, isSmall: boolean }} size */
function charts(answer, place, unit, { width, isSmall }) {
  const write = writing(answer);
  const room = width > 700 ? Math.floor((width - 32) / 2) : width;
  const parts = [...Map.groupBy(answer.rows, (row) => row[place])].map(([value, rows]) => {
    const title = element("h3", {}, write.value(unit, value));
    return element("div", {}, title, drawing({ ...answer, rows }, room, { isSmall }));
  });
  return element("div", { class: "facets" }, ...parts);
}

/** @param {Answer} answer */
function nothing({ report }) {
  const text = NOTHING[report] ?? "There is nothing to show in this period.";
  return element("p", { class: "nothing" }, text);
}

/** The tiles of key figures, each with its change since `before`, if that is given.
 * @param {Answer} answer @param {Answer | null} [before] */
export function figures(answer, before = null) {
  const write = writing(answer);
  const tiles = answer.chart.y.map((name) => {
    const place = answer.columns.findIndex((column) => column.name === name);
    const { unit, description } = answer.columns[place];
    const [now, earlier] = [answer, before].map((each) => numberOf(each?.rows[0][place]));
    const parts = [element("dt", {}, write.label(name))];
    parts.push(element("dd", { title: write.plain(description) }, write.figure(unit, now)));
    if (before) parts.push(element("dd", { class: "change" }, changed(now, earlier, unit)));
    return element("div", {}, ...parts);
  });
  return element("dl", { class: "figures" }, ...tiles);
}

/** @param {import("./report_types").Cell | undefined} cell */
const numberOf = (cell) => (typeof cell === "number" ? cell : null);

/** A change in words, or why there is none. Ratios change in percentage points.
 * @param {number | null} now @param {number | null} before @param {string} unit @param {string} [locale] */
export function changed(now, before, unit, locale) {
  if (now === null) return "no value in this period";
  if (before === null) return "no value in the period before";
  if (before === 0)
    return now === 0 ? "none in the period before either" : "none in the period before";
  const isRatio = unit === "ratio";
  const difference = isRatio ? (now - before) * 100 : (now / before - 1) * 100;
  if (difference >= CHANGE_MAX) return "more than ten times the period before";
  const written = new Intl.NumberFormat(locale, {
    maximumFractionDigits: isRatio ? 1 : 0,
    signDisplay: "exceptZero",
  }).format(difference);
  return `${written}${isRatio ? " pp" : "%"} on the period before`;
}
