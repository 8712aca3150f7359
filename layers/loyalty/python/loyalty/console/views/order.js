// @ts-check
// Order: what it earned and why, and what each refund or change did to it.

import { html, nothing } from "../lit.js";
import { path } from "../api.js";
import { table } from "../table.js";
import { levelName } from "../names.js";
import { change, memberLink, settled, what } from "../entry_words.js";
import { refunding } from "../order_refund.js";
import { reasons } from "../order_reasons.js";

/** @typedef {import("../types").Page} Page */

const STATUS = new Map([
  ["earned", "A member has earned."],
  ["guest", "A guest's order: it earns when its customer enrolls."],
  ["ignored", "It names no customer, so nobody earns."],
  ["waiting", "Only refunds of it have arrived; the order itself has not."],
]);

/** @type {import("../types").View} */
export const view = {
  async open(page) {
    const [source, id] = page.params;
    const { order, explanation } = await read(page, source, id);
    const refund = refunding(page, source, id, () => view.open(page));
    const accrual = order.entries.find((/** @type {any} */ each) => each.breakdown);
    const left = order.entries.reduce(
      (/** @type {number} */ sum, /** @type {any} */ each) =>
        sum + each.points + each.pending_points,
      0,
    );
    page.show(
      () => html`
        <p>${STATUS.get(order.status) ?? order.status}</p>
        <dl class="facts">
          ${order.member_id ? html`<dt>Member</dt><dd>${memberLink(page, order.member_id)}</dd>` : nothing}
          <dt>Source</dt><dd>${source}</dd>
          ${
            accrual
              ? html`<dt>Ordered</dt><dd>${page.format.instant(accrual.happened_at)}</dd>
            <dt>Recorded</dt><dd>${page.format.instant(accrual.recorded_at)}, by version ${accrual.program_version} of the program</dd>
            ${accrual.tier ? html`<dt>Level then</dt><dd>${levelName(page, accrual.tier)}</dd>` : nothing}`
              : nothing
          }
          <dt>Points by it now</dt><dd>${page.format.points(left)}</dd>
          ${order.refunds_waiting.length ? html`<dt>Refunds waiting</dt><dd>${order.refunds_waiting.join(", ")}</dd>` : nothing}
        </dl>
        ${explanation ? reasons(page, explanation) : nothing}
        ${accrual ? breakdown(page, accrual) : nothing}
        ${table(order.entries, {
          caption: "What happened to it",
          hasCaption: true,
          empty: "Nothing was recorded for a member.",
          columns: [
            { label: "When", cell: (each) => page.format.instant(each.recorded_at), isHead: true },
            { label: "What", cell: (each) => html`${what(page, each)}${note(page, each)}` },
            { label: "Points", cell: (each) => change(page, each), isFigure: true },
          ],
        })}
        ${accrual && page.may("cashier") ? refund() : nothing}`,
      { title: `Order ${id}` },
    );
  },
};

/** The order, and why it earned, for those who may know. @param {Page} page
 * @param {string} source @param {string} id */
async function read(page, source, id) {
  const order = await page.api.get(path`/orders/${source}/${id}`);
  const isExplained = order.status === "earned" && page.may("cashier", "manager");
  const explanation = isExplained
    ? await page.api.get(path`/orders/${source}/${id}/explanation`)
    : null;
  return { order, explanation };
}

/** @param {Page} page @param {any} entry */
function note(page, entry) {
  const parts = settled(page, entry);
  const money = entry.clawback ? ` of ${page.format.minor(entry.clawback.amount_minor)}` : "";
  if (!parts && !money) return nothing;
  return html`<br /><span class="quiet">${money}${parts ? `${money ? "; " : ""}${parts}` : ""}</span>`;
}

/** What earned, and why this and not more. @param {Page} page @param {any} accrual */
function breakdown(page, accrual) {
  return table(accrual.breakdown, {
    caption: "What earned",
    hasCaption: true,
    empty: "No rule or campaign of the program covers what was bought, so it earned nothing.",
    columns: [
      {
        label: "Rule or campaign",
        cell: (/** @type {any} */ share) => share.rule_id,
        isHead: true,
      },
      { label: "Line", cell: (/** @type {any} */ share) => share.line_id ?? "all" },
      {
        label: "On",
        cell: (/** @type {any} */ share) => page.format.minor(share.eligible_minor),
        isFigure: true,
      },
      { label: "Rate", cell: (/** @type {any} */ share) => rate(page, share.rate) },
      {
        label: "Points",
        cell: (/** @type {any} */ share) => page.format.number(share.points),
        isFigure: true,
      },
    ],
  });
}

/** @param {Page} page @param {any} rate */
function rate(page, rate) {
  if (!rate) return "";
  const times =
    rate.multiplier_percent === 100
      ? ""
      : ` × ${page.format.percent(rate.multiplier_percent / 100)}`;
  const byPlan =
    rate.plan_percent === 100 ? "" : ` × ${page.format.percent(rate.plan_percent / 100)} by plan`;
  return `${rate.points} per ${page.format.minor(rate.per_minor)}${times}${byPlan}`;
}
