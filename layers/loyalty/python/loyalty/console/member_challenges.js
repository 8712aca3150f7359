// @ts-check
// A member's challenges, stamp cards and streaks: how far they are, until when, what it gives.

import { html, nothing } from "./lit.js";
import { table } from "./table.js";

/** @typedef {import("./types").Page} Page */
/** @typedef {import("./types").Schema<"ChallengeOfMember">} Challenge */
/** @typedef {import("./types").Schema<"BadgeAnswer">} Badge */

/** @type {Record<string, [string, string]>} */
const UNITS = {
  orders: ["order", "orders"],
  units: ["unit", "units"],
  categories: ["category", "categories"],
  activities: ["activity", "activities"],
  day: ["day in a row", "days in a row"],
  week: ["week in a row", "weeks in a row"],
  month: ["month in a row", "months in a row"],
};

/** @param {Page} page @param {Challenge[]} challenges @param {Badge[]} badges */
export function challengesOf(page, challenges, badges) {
  if (!challenges.length && !badges.length) return nothing;
  return html`${table(challenges, {
    caption: "Challenges",
    hasCaption: true,
    empty: "There are no challenges now.",
    columns: [
      { label: "Challenge", isHead: true, cell: (each) => each.name },
      { label: "Progress", cell: (each) => progress(page, each) },
      { label: "Until", cell: (each) => until(page, each) },
      { label: "Gives", cell: (each) => gives(page, each) },
      {
        label: "Completed",
        isFigure: true,
        cell: (each) => page.format.number(each.completed_ever),
      },
    ],
  })}
  ${badges.length ? html`<p>Badges: ${badges.map(({ name }) => name).join(", ")}</p>` : nothing}`;
}

/** @param {Page} page @param {Challenge} challenge */
function progress(page, challenge) {
  const { missing, name, progress: count, target } = challenge;
  return html`<progress max=${target} value=${count} aria-label="Progress in ${name}"></progress>
    ${amount(page, challenge, count)} of ${amount(page, challenge, target, true)}
    <span class="quiet">${missing ? `${amount(page, challenge, missing)} more` : "completed"}${streak(challenge)}</span>`;
}

/**
 * What counts, as a number or as money.
 * @param {Page} page @param {Challenge} challenge @param {number} count @param {boolean} [hasUnit]
 */
function amount({ format }, { counts, streak: running }, count, hasUnit = false) {
  if (counts === "spend_minor") return format.minor(count);
  const [one, many] = UNITS[running ? running.every : counts];
  return hasUnit ? `${format.number(count)} ${count === 1 ? one : many}` : format.number(count);
}

/** @param {Challenge} challenge */
function streak({ state, streak: running }) {
  if (!running || state !== "running") return "";
  const now = running.has_counted ? "counts already" : "nothing yet";
  const left = running.freezes_left;
  return `; ${now} this ${running.every}; ${left || "none"} may be missed`;
}

/** @param {Page} page @param {Challenge} challenge */
function until({ format }, { activation, joined_at: since, ...challenge }) {
  const { state, starts_on: startsOn, ends_on: endsOn, until: last } = challenge;
  if (state === "scheduled") return `from ${format.day(startsOn)} on`;
  if (state === "ended") return `ended on ${format.day(endsOn)}`;
  if (activation === "join" && !since) return "has not joined";
  return last ? format.day(last) : "no end";
}

/** @param {Page} page @param {Challenge} challenge */
function gives({ format }, { gives: { points, reward, badges } }) {
  return [
    ...(points ? [format.points(points)] : []),
    ...(reward ? [reward.name] : []),
    ...badges.map(({ name }) => `the badge ${name}`),
  ].join(", ");
}
