// @ts-check
// Reviews: orders that exceeded a safeguard and findings of watches, why, and deciding about them.
//
// #/<program>/reviews?state= lists them; #/<program>/reviews/<id> is one.

import { listCases, showCase, stateOf } from "../decisions.js";
import { html, nothing } from "../lit.js";
import { path } from "../api.js";
import { memberLink, orderLink } from "../entry_words.js";
import { personName } from "../names.js";

/** @typedef {import("../types").Page} Page */
/** @typedef {import("../types").Schema<"ReviewAnswer">} Review */

/** What a watch found, by its kind. @type {Record<string, (found: string) => string>} */
const FINDINGS = {
  refunds: (found) => `${found}% of orders refunded`,
  forgiven: (found) => `${found} refunds of orders whose points were spent`,
  one_till: (found) => `${found} orders recorded by the same person`,
  even_amounts: (found) => `${found} orders with round amounts`,
  out_of_hours: (found) => `${found} orders while the shop was closed`,
  near_limit: (found) => `${found} adjustments just below the limit`,
  few_members: (found) => `${found}% of adjustments for the same few members`,
  quick_redemption: (found) => `a redemption within minutes of receiving ${found} points`,
};

const STATES = /** @type {[string, string][]} */ ([
  ["open", "open"],
  ["released", "released"],
  ["rejected", "rejected"],
]);

/** @type {import("../types").View} */
export const view = {
  async open(page) {
    const [id] = page.params;
    await (id ? one(page, id) : all(page));
  },
};

/** @param {Page} page */
function all(page) {
  /** @type {import("../decisions.js").Listing<Review>} */
  const listing = {
    caption: "Reviews",
    states: STATES,
    empty: "There is nothing to review.",
    columns: [
      { label: "What", isHead: true, cell: (each) => linkTo(page, each) },
      { label: "Why", cell: (each) => why(page, each) },
      { label: "Who", cell: (each) => who(page, each) },
      { label: "Since", cell: (each) => page.format.instant(each.opened_at) },
      { label: "State", cell: (each) => state(page, each) },
    ],
  };
  return listCases(page, "reviews", listing);
}

/** @param {Page} page @param {Review} review */
const linkTo = (page, review) =>
  review.order
    ? html`<a href=${page.link("reviews", review.id)}>Order ${review.order.order_id}</a><br /><span class="quiet">${page.format.points(review.points)}</span>`
    : html`<a href=${page.link("reviews", review.id)}>${review.finding?.watch_id}</a>`;

/** Whom it is about. @param {Page} page @param {Review} review */
const who = (page, { member_id: member, caused_by: by, caused_by_name: name }) =>
  member ? memberLink(page, member) : personName(page, by ?? "", name);

/** What was found, or which limits the order exceeded. @param {Page} page @param {Review} review */
function why(page, { excesses, finding }) {
  const { format } = page;
  if (finding) return FINDINGS[finding.kind](format.number(finding.found));
  const words = excesses.map(({ counts, reached, at_most: most }) =>
    counts === "orders"
      ? `${format.number(reached)} orders in one day (limit ${format.number(most)})`
      : `${format.points(reached)} in one day (limit ${format.number(most)})`,
  );
  return words.join("; ");
}

/** @param {Page} page @param {Review} review */
function state(page, review) {
  const { held_until: until } = review;
  const held = until ? `points held until ${page.format.day(until)}` : null;
  return stateOf(page, review, review.state, held);
}

/** @param {Page} page @param {string} id */
async function one(page, id) {
  const where = path`/reviews/${id}`;
  /** @type {Review} */
  const read = await page.api.get(where);
  const { order, finding } = read;
  /** @type {import("../decisions.js").Deciding<Review>} */
  const deciding = {
    title: order ? `Review of order ${order.order_id}` : `Review of “${finding?.watch_id}”`,
    back: "All open reviews",
    facts: (review) => facts(page, review),
    refusal: ({ caused_by: by }) =>
      by === page.subject
        ? "This is about something you did, so another manager has to decide."
        : null,
    choices: [
      ["release", "Release: nothing is wrong"],
      ["reject", order ? "Reject: the order earns nothing" : "Reject: something is wrong"],
    ],
    hint: "Colleagues can read it later.",
    confirm: (review, decision) => ({
      title: decision === "reject" ? "Reject it?" : "Release it?",
      text: effect(review, decision === "reject"),
      action: decision === "reject" ? "Reject" : "Release",
      isDanger: decision === "reject",
    }),
    act: (body) => page.api.request("POST", `${where}/decision`, { body }),
    done: (review) => (review.state === "released" ? "It was released." : "It was rejected."),
  };
  showCase(page, "reviews", read, deciding);
}

/** @param {Page} page @param {Review} review */
function facts(page, review) {
  const { format } = page;
  return html`<dt>State</dt><dd>${state(page, review)}</dd>
    <dt>Why</dt><dd>${why(page, review)}</dd>
    ${review.order ? html`<dt>Order</dt><dd>${orderLink(page, review.order)}, which earned ${format.points(review.points)}</dd>` : nothing}
    ${review.member_id ? html`<dt>Member</dt><dd>${memberLink(page, review.member_id)}</dd>` : nothing}
    ${review.caused_by ? html`<dt>${review.order ? "Recorded by" : "Person"}</dt><dd>${personName(page, review.caused_by, review.caused_by_name)}</dd>` : nothing}
    <dt>Since</dt><dd>${format.instant(review.opened_at)}</dd>`;
}

/** What a decision does. @param {Review} review @param {boolean} rejects */
function effect({ order, held_until: until }, rejects) {
  if (!order) return "Your decision is recorded. Nobody's points change.";
  if (rejects)
    return "The member loses the points that are left of this order, and later changes of it earn none.";
  return until
    ? "Points that are still held become available, as if they had never been held."
    : "Its points stay as they are.";
}
