// @ts-check
// What a member did besides buying, such as reviews: what each was worth, or why nothing.

import { html, nothing } from "./lit.js";
import { table } from "./table.js";

/** @typedef {import("./types").Page} Page */
/** @typedef {import("./types").Schema<"ActivityAnswer">} Activity */

/** @type {Record<string, string>} */
const REASONS = {
  per_subject: "it counts already for the same subject",
  per_day_max: "the limit of that day is used up",
  ever_max: "the limit is used up",
  no_order: "waits for the member to order",
};

/** @param {Page} page @param {Activity[]} activities */
export function activitiesOf(page, activities) {
  if (!activities.length) return nothing;
  return html`${table(activities, {
    caption: "Activities",
    hasCaption: true,
    empty: "",
    columns: [
      { label: "Activity", isHead: true, cell: (each) => each.name ?? each.activity },
      {
        label: "About",
        cell: (each) => [each.subject, ...each.attributes].filter(Boolean).join(", "),
      },
      { label: "When", cell: (each) => page.format.instant(each.occurred_at) },
      { label: "Source", cell: (each) => `${each.source} ${each.activity_id}` },
      { label: "Points", isFigure: true, cell: (each) => page.format.number(each.points) },
      { label: "State", cell: state },
    ],
  })}`;
}

/** @param {Activity} activity */
function state({ status, reason, points }) {
  if (status === "retracted") return points ? "removed; the member keeps the points" : "removed";
  return reason ? REASONS[reason] : "counts";
}
