// @ts-check
// Goals: where each figure stands on its way to its target, and where it will end.

import { figureOf, outlook, progressOf, readGoals, stateOf } from "../goal_words.js";
import { html, nothing } from "../lit.js";
import { topicOf } from "../report_menu.js";
import { table } from "../table.js";

/** @typedef {import("../types").Page} Page */
/** @typedef {import("../goal_words.js").Goal} Goal */

/** @type {import("../types").View} */
export const view = {
  async open(page) {
    const goals = await readGoals(page);
    page.show(
      () => html`
        ${goals.length ? list(page, goals) : nothing}
        ${goals.length ? nothing : html`<p class="nothing">There are no goals yet. A goal is a figure with a target and a day to reach it by.</p>`}
        ${page.may("manager") ? html`<p><a href=${page.link("program")}>Set goals in the program</a></p>` : nothing}`,
      { title: "Goals" },
    );
  },
};

/** @param {Page} page @param {Goal[]} goals */
function list(page, goals) {
  return table(goals, {
    caption: "Goals, as they stood after yesterday",
    empty: "",
    columns: [
      { label: "Goal", isHead: true, cell: (goal) => named(page, goal) },
      { label: "State", cell: stateOf },
      { label: "So far", cell: (goal) => progressOf(page, goal) },
      { label: "Expected by now", cell: (goal) => figureOf(page, goal, goal.expected) },
      { label: "Forecast", cell: (goal) => forecast(page, goal) },
      { label: "Outlook", cell: (goal) => outlook(page, goal) },
    ],
  });
}

/** @param {Page} page @param {Goal} goal */
function named(page, { name, report, starts_on: from, by: to }) {
  const days = page.format.period(from, to);
  const address = page.link("reports", report, { from, to });
  return html`${name}<br /><span class="quiet">${days} · <a href=${address}>${topicOf(report)}</a></span>`;
}

/** @param {Page} page @param {Goal} goal */
function forecast(page, goal) {
  const course =
    goal.forecast_by === "last_year"
      ? html`<br /><span class="quiet">going by last year</span>`
      : nothing;
  return html`${figureOf(page, goal, goal.forecast)}${course}`;
}
