// @ts-check
// What to recommend to a member at the counter, and why.

import { html, nothing } from "./lit.js";
import { levelName } from "./names.js";
import { table } from "./table.js";

/** @typedef {import("./types").Page} Page */
/** @typedef {import("./types").Schema<"RecommendationsAnswer">} Recommendations */
/** @typedef {import("./types").Schema<"RecommendedReward">} Reward */
/** @typedef {Reward["because"]} Because */

/** @param {Page} page @param {Recommendations | null} found */
export function recommendationsOf(page, found) {
  if (!found || !(found.items.length || found.goods.length)) return nothing;
  return html`${table(found.items, {
    caption: "Recommended",
    hasCaption: true,
    empty: "No reward goes with what they buy or hold.",
    columns: [
      { label: "Reward", isHead: true, cell: (each) => each.name },
      { label: "Costs", isFigure: true, cell: (each) => page.format.points(each.cost_points) },
      { label: "When", cell: (each) => when(page, each) },
      { label: "Why", cell: (each) => why(page, each.because) },
    ],
  })}
  ${goods(found.goods)}`;
}

/** @param {Page} page @param {Reward} reward */
function when({ format }, { missing, days }) {
  if (!missing) return "now";
  const lacking = `${format.points(missing)} short`;
  return days === null
    ? lacking
    : `${lacking}, enough in about ${format.number(days)} ${days === 1 ? "day" : "days"}`;
}

/** @param {Recommendations["goods"]} these */
function goods(these) {
  const ids = (/** @type {Because["kind"]} */ kind) =>
    these.filter(({ because }) => because.kind === kind).map(({ id }) => id);
  const [fitting, popular] = [ids("you_bought"), ids("popular_here")];
  return html`
    ${fitting.length ? html`<p>Goes with what they bought: ${fitting.join(", ")}</p>` : nothing}
    ${popular.length ? html`<p>Popular here: ${popular.join(", ")}</p>` : nothing}`;
}

/** @param {Page} page @param {Because} because */
function why(page, because) {
  switch (because.kind) {
    case "you_bought":
      return `goes with ${because.thing.id}, which they bought`;
    case "expiring_points":
      return `${page.format.points(because.points)} expire after ${page.format.day(because.last_on)}`;
    case "popular_here":
      return because.level
        ? `popular at the level ${levelName(page, because.level)}`
        : "popular here";
    case "close_to":
      return because.missing ? "nearly enough points" : "enough points";
  }
}
