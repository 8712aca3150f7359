// @ts-check
// Entries of the ledger in words: what each was, and how refunds took points back.

import { html } from "./lit.js";
import { rewardName } from "./names.js";

/** @typedef {import("./types").Page} Page */
/** @typedef {import("./types").Content} Content */

const BONUSES = new Map([
  ["birthday", "Birthday"],
  ["survey", "Survey answered"],
  ["sign_up", "Welcome"],
  ["anniversary", "Anniversary"],
  ["challenge", "Challenge completed"],
  ["referral", "Bring a friend"],
  ["plan", "A paid plan"],
  ["activity", "Activity"],
]);
const RETURNS = new Map([
  ["cancelled", "Redemption cancelled"],
  ["hold_expired", "Hold ended"],
  ["refunded", "Order that the points paid for was refunded"],
  ["refund_withdrawn", "Refund was withdrawn"],
]);

/** What an entry was, in a few words, with a link to its order. @param {Page} page @param {any} entry */
export function what(page, entry) {
  const order = entry.order ? orderLink(page, entry.order) : "an order";
  switch (entry.kind) {
    case "accrual":
      return html`Earned by ${order}`;
    case "clawback":
      if (entry.bonus_clawback)
        return `Taken back: ${BONUSES.get(entry.given_for) ?? entry.given_for}`;
      return entry.clawback?.refund_id === "~review"
        ? html`Rejected: ${order}`
        : html`Refund ${entry.clawback?.refund_id} of ${order}`;
    case "edit":
      return html`Change of ${order}`;
    case "redemption":
      return entry.granted_for
        ? html`Given: ${rewardName(page, entry.reward_id)}${reasonOf(entry)}`
        : html`Redeemed: ${rewardName(page, entry.reward_id)}`;
    case "return":
      return RETURNS.get(entry.reason) ?? "Points returned";
    case "contribution":
      return html`${entry.points < 0 ? "Spent by" : "Returned from"} ${memberLink(page, entry.counterpart_id)} in the household`;
    case "activation":
      return entry.order ? html`Released: ${order}` : "Became available";
    case "expiry":
      return "Expired";
    case "adjustment":
      return html`By hand${reasonOf(entry)}`;
    case "transfer":
      return html`${entry.points < 0 ? "Given to" : "From"} ${memberLink(page, entry.counterpart_id)}`;
    case "merge":
      return html`Merged with ${memberLink(page, entry.counterpart_id)}`;
    case "bonus":
      return `Bonus: ${BONUSES.get(entry.given_for) ?? entry.given_for}`;
    default:
      return entry.kind;
  }
}

/** How a refund or a change settled what the order no longer earns; null if it took nothing.
 * @param {Page} page @param {any} entry @returns {string | null} */
export function settled(page, entry) {
  const parts = entry.clawback ?? entry.edit ?? entry.bonus_clawback;
  if (!parts) return null;
  const words = [
    [parts.clawed, "taken from what the member held"],
    [parts.owed, "became debt"],
    [parts.forgiven, "forgiven"],
    [parts.excused, "had already expired"],
  ];
  const settlement = words
    .filter(([points]) => points)
    .map(([points, word]) => `${page.format.number(points)} ${word}`);
  return settlement.length ? settlement.join(", ") : null;
}

/** The change of an entry: available and pending points, and debt. @param {Page} page @param {any} entry */
export function change(page, entry) {
  const { format } = page;
  const pending = entry.pending_points ? ` (${format.change(entry.pending_points)} pending)` : "";
  const debt = entry.debt ? ` (${format.change(entry.debt)} debt)` : "";
  return `${format.change(entry.points)}${pending}${debt}`;
}

/** @param {Page} page @param {{ source: string, order_id: string }} order */
export function orderLink(page, { source, order_id: id }) {
  return html`<a href=${page.link("order", source, id)}>order ${id}</a>`;
}

/** @param {Page} page @param {string | null} id */
export function memberLink(page, id) {
  return id ? html`<a href=${page.link("member", id)}>${id}</a>` : "another member";
}

/** @param {any} entry @returns {Content} */
function reasonOf({ reason, reference }) {
  return html`${reason ? `: ${reason}` : ""}${reference ? ` (${reference})` : ""}`;
}
