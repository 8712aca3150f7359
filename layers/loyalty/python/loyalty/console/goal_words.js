// @ts-check
// Where a goal stands, in words and as a bar.

import { html, nothing } from "./lit.js";

/** @typedef {import("./types").Page} Page */
/** @typedef {import("./types").Schema<"GoalAnswer">} Goal */

/** Each state in words. */
const STATES = /** @type {Record<NonNullable<Goal["state"]>, string>} */ ({
  on_track: "on track",
  at_risk: "at risk",
  missed: "missed",
  reached: "reached",
});

/** The state of a goal, or why it has none. @param {Goal} goal */
export function stateOf({ state }) {
  if (!state) return html`<span class="quiet">not evaluated yet</span>`;
  const isBad = state === "at_risk" || state === "missed";
  return html`<span class=${isBad ? "tag bad" : "tag"}>${STATES[state]}</span>`;
}

/** A figure of a goal, in its unit. @param {Page} page @param {Goal} goal
 * @param {number | null} figure */
export function figureOf({ format }, { kind, column }, figure) {
  if (figure === null) return format.number(figure);
  if (kind === "rate") return format.percent(figure / 100);
  return column.endsWith("_minor") ? format.minor(figure) : format.number(figure);
}

/** How far a goal is. @param {Page} page @param {Goal} goal */
export function progressOf(page, goal) {
  const { value, target, name, direction } = goal;
  const limit = direction === "at_most" ? "of at most" : "of";
  const words = html`${figureOf(page, goal, value)} ${limit} ${figureOf(page, goal, target)}`;
  if (value === null) return words;
  const shown = Math.max(0, Math.min(value, target));
  return html`<progress max=${target || 1} value=${shown} aria-label=${name}></progress> ${words}`;
}

/** Where a goal will end, and what it takes. @param {Page} page @param {Goal} goal */
export function outlook(page, goal) {
  const { state, forecast, per_day: perDay, by, direction } = goal;
  const day = page.format.day(by);
  if (state === "reached") return `Reached by ${page.format.day(goal.day)}.`;
  if (state === "missed") return `Missed on ${page.format.day(goal.day)}.`;
  if (!state) return `It ends on ${day} and is evaluated after its first day.`;
  const end = `If it goes on like this, it ends at ${figureOf(page, goal, forecast)} on ${day}.`;
  if (perDay === null) return end;
  const each = figureOf(page, goal, perDay);
  return direction === "at_least"
    ? `${end} ${each} a day are needed.`
    : `${end} ${each} a day are within the limit.`;
}

/** The goals of a program, one line each; nothing if there are none.
 * @param {Page} page @param {Goal[]} goals */
export function goalList(page, goals) {
  if (!goals.length) return nothing;
  return html`<section aria-labelledby="goals">
    <h2 id="goals">Goals</h2>
    <ul class="choices">${goals.map(
      (goal) => html`<li><a href=${page.link("goals")}>
        ${stateOf(goal)} ${goal.name}<br />${progressOf(page, goal)}
        <span class="quiet">${outlook(page, goal)}</span></a></li>`,
    )}</ul>
  </section>`;
}

/** @param {Page} page @returns {Promise<Goal[]>} */
export async function readGoals(page) {
  return (await page.api.get("/goals")).items;
}
