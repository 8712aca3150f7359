// @ts-check
// Reviews: orders that exceeded a safeguard and findings of watches, why, and deciding about them.
//
// #/<program>/reviews?state= lists them; #/<program>/reviews/<id> is one.

import { Form } from "../forms.js";
import { html, nothing } from "../lit.js";
import { path } from "../api.js";
import { memberLink, orderLink } from "../entry_words.js";
import { personName } from "../names.js";
import { listed } from "../table.js";

/** @typedef {import("../types").Page} Page */
/** @typedef {import("../types").Schema<"ReviewAnswer">} Review */

/** What a watch found, by its kind. @type {Record<string, (found: string) => string>} */
const FINDINGS = {
  refunds: (found) => `${found} of 100 orders refunded`,
  forgiven: (found) => `${found} refunds of orders whose points were spent`,
  one_till: (found) => `${found} orders recorded by the same person`,
  even_amounts: (found) => `${found} orders of round amounts`,
  out_of_hours: (found) => `${found} orders out of hours`,
  near_limit: (found) => `${found} adjustments just below the limit`,
  quick_redemption: (found) => `a redemption right after ${found} points`,
};

const STATES = /** @type {[string, string][]} */ ([
  ["open", "that are open"],
  ["released", "that were released"],
  ["rejected", "that were rejected"],
  ["", "of any state"],
]);

/** @type {import("../types").View} */
export const view = {
  async open(page) {
    const [id] = page.params;
    await (id ? one(page, id) : all(page));
  },
};

/** @param {Page} page */
async function all(page) {
  const state = page.query.get("state") ?? "open";
  const reviews = page.api.list("/reviews", { state: state || null, limit: 50 });
  const choose = (/** @type {Event} */ event) => {
    const { value } = /** @type {HTMLSelectElement} */ (event.target);
    page.go(page.link("reviews", { state: value }));
  };
  page.show(
    () => html`<form class="controls" aria-label="Which reviews" @submit=${(/** @type {Event} */ event) => event.preventDefault()}>
        <label>Show those <select @change=${choose}>${STATES.map(
          ([value, label]) =>
            html`<option value=${value} .selected=${value === state}>${label}</option>`,
        )}</select></label>
      </form>
      ${listed(page, reviews, {
        caption: "Reviews",
        empty: reviews.reading
          ? "Reading…"
          : state === "open"
            ? "Nothing is to be reviewed."
            : "There are none.",
        columns: [
          { label: "What", isHead: true, cell: (each) => linkTo(page, each) },
          { label: "Why", cell: (each) => why(page, each) },
          { label: "Who", cell: (each) => who(page, each) },
          { label: "Since", cell: (each) => page.format.instant(each.opened_at) },
          { label: "State", cell: (each) => stateOf(page, each) },
        ],
      })}`,
  );
  await reviews.next();
  page.redraw();
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
function stateOf(page, { state, held_until: until, decided_by: by, decided_by_name: name }) {
  if (state === "open")
    return html`<span class="tag">open</span>${until ? html` <span class="quiet">points held until ${page.format.day(until)}</span>` : nothing}`;
  return html`<span class="tag">${state}</span>${by ? html` <span class="quiet">by ${personName(page, by, name)}</span>` : nothing}`;
}

/** @param {Page} page @param {string} id */
async function one(page, id) {
  const where = path`/reviews/${id}`;
  let review = await page.api.get(where);
  const form = deciding(
    page,
    where,
    () => review,
    async (words) => {
      page.announce(words);
      review = await page.api.get(where);
      page.redraw();
    },
  );
  page.show(
    () => html`${facts(page, review)} ${form()}
      <p class="actions"><a href=${page.link("reviews")}>All open reviews</a></p>`,
    {
      title: review.order
        ? `Review of order ${review.order.order_id}`
        : `Review of “${review.finding?.watch_id}”`,
    },
  );
}

/** @param {Page} page @param {Review} review */
function facts(page, review) {
  const { format } = page;
  return html`<dl class="facts">
    <dt>State</dt><dd>${stateOf(page, review)}</dd>
    <dt>Why</dt><dd>${why(page, review)}</dd>
    ${review.order ? html`<dt>Order</dt><dd>${orderLink(page, review.order)}, which earned ${format.points(review.points)}</dd>` : nothing}
    ${review.member_id ? html`<dt>Member</dt><dd>${memberLink(page, review.member_id)}</dd>` : nothing}
    ${review.caused_by ? html`<dt>${review.order ? "Recorded by" : "Person"}</dt><dd>${personName(page, review.caused_by, review.caused_by_name)}</dd>` : nothing}
    <dt>Since</dt><dd>${format.instant(review.opened_at)}</dd>
    ${
      review.decided_at
        ? html`<dt>Decided</dt><dd>${format.instant(review.decided_at)}: ${review.decision_reason}</dd>`
        : nothing
    }
    ${review.member_id && review.entry_id ? html`<dt>Entry</dt><dd><a href=${page.link("member", review.member_id, { entry: review.entry_id })}>${review.entry_id}</a></dd>` : nothing}
  </dl>`;
}

/** @param {Page} page @param {string} where @param {() => Review} read
 * @param {(words: string) => Promise<void>} done */
function deciding(page, where, read, done) {
  const form = new Form(page, "decide", {
    body: ({ decision, reason }) => ({ decision, reason }),
    act: (body) => page.api.request("POST", `${where}/decision`, { body }),
    confirm: (_body, { decision }) => ({
      title: decision === "reject" ? "Reject it?" : "Release it?",
      text: effect(read(), decision === "reject"),
      action: decision === "reject" ? "Reject" : "Release",
      isDanger: decision === "reject",
    }),
    done: ({ body }) => done(body.state === "released" ? "It was released." : "It was rejected."),
  });
  return () => {
    const { state, order, caused_by: by } = read();
    if (state !== "open") return nothing;
    if (by === page.subject)
      return html`<p class="refused">This is about something you did, so another manager has to decide.</p>`;
    return html`<section class="panel" aria-labelledby="decide"><h2 id="decide">Decide</h2>
      ${form.render(
        html`${form.select({
          name: "decision",
          label: "Decision",
          isRequired: true,
          choices: [
            ["", "Choose"],
            ["release", "Release: nothing is wrong"],
            ["reject", order ? "Reject: the order earns nothing" : "Reject: something is wrong"],
          ],
        })}
        ${form.field({ name: "reason", label: "Reason", hint: "For whoever asks later.", isRequired: true, maxlength: 200 })}`,
        { submit: "Decide" },
      )}
    </section>`;
  };
}

/** What a decision does. @param {Review} review @param {boolean} rejects */
function effect({ order, held_until: until }, rejects) {
  if (!order) return "Your decision is noted. Nobody's points change.";
  if (rejects)
    return "The member loses the points that are left of this order, and later changes of it earn none.";
  return until
    ? "Points that are still held become available, as if they had never been held."
    : "Its points stay as they are.";
}
