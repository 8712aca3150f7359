// @ts-check
// What a till does for a member: earn by amount, redeem, use a voucher. Each can be undone.

import { Form } from "./forms.js";
import { html, nothing } from "./lit.js";
import { path } from "./api.js";
import { rewardName } from "./names.js";

/** @typedef {import("./types").Page} Page */
/** @typedef {{ words: string, method: string, where: string, body?: unknown }} Undo what takes an act back */
/** @typedef {(words: string, undo: Undo | null) => Promise<void>} Done */

const SOURCE = "console-till";
export const AMOUNT = "\\s*\\d+([.,]\\d{1,3})?\\s*";

/** Earn by the amount of a receipt. @param {Page} page @param {string} member @param {Done} done */
export function earning(page, member, done) {
  const form = new Form(page, `earn-${member}`, {
    body: ({ amount, receipt }) => ({
      amount: page.format.minorOf(String(amount)),
      receipt: receipt || null,
    }),
    act: async ({ amount, receipt }, key) => {
      // Without a receipt's number, the key names the order: sent again, it is the same order.
      const order = orderOf(page, member, amount, receipt ?? key, momentOf(page, key));
      const { body } = await page.api.request("POST", "/orders", { body: order, key });
      return { order, entry: body.entry };
    },
    confirm: async ({ amount, receipt }) => {
      const order = orderOf(page, member, amount, receipt ?? "quote", new Date().toISOString());
      const { body } = await page.api.request("POST", "/orders/quote", { body: order });
      return {
        title: `Record ${page.format.minor(amount)}?`,
        text: outlook(page, body),
        action: "Earn",
      };
    },
    done: ({ order, entry }) =>
      done(`${page.format.points(entry.points + entry.pending_points)} earned.`, {
        words: `Order of ${page.format.minor(order.lines[0].amount.amount)}`,
        method: "POST",
        where: path`/orders/${SOURCE}/${order.order_id}/refunds`,
        body: {
          refund_id: "undone-at-the-till",
          occurred_at: new Date().toISOString(),
          whole: true,
        },
      }),
  });
  return () => html`<section class="panel"><h2>Earn</h2>
    ${form.render(
      html`${form.field({ name: "amount", label: `Amount in ${page.format.currency}`, inputmode: "decimal", pattern: AMOUNT, patternHint: "Enter an amount such as 12.50.", isRequired: true })}
        ${form.field({ name: "receipt", label: "Receipt number", maxlength: 64, pattern: "[A-Za-z0-9._:\\-]{1,64}", patternHint: "Use letters, digits and . _ : - only." })}`,
      { submit: "Earn" },
    )}
  </section>`;
}

/** An order of one amount. @param {Page} page @param {string} member @param {number} amount
 * @param {string} id @param {string} moment */
function orderOf(page, member, amount, id, moment) {
  return {
    source: SOURCE,
    order_id: id,
    occurred_at: moment,
    member_id: member,
    lines: [{ line_id: "1", amount: { amount, currency: page.format.currency } }],
  };
}

const GOODS = new Set(["amount", "units", "distinct_skus"]);

/** What an order would earn, and what a little more of it would, in sentences to read out.
 * @param {Page} page @param {any} quote */
export function outlook(page, { points, pending_points: pending, campaigns }) {
  const giving = campaigns.filter((/** @type {any} */ each) => each.applies);
  const within = campaigns.filter(
    (/** @type {any} */ each) =>
      !each.applies &&
      each.could_give > 0 &&
      each.why_not.every(
        (/** @type {any} */ { fact, missing, negated }) =>
          GOODS.has(fact) && missing !== undefined && !negated,
      ),
  );
  return [
    `The member earns ${page.format.points(points + pending)}.`,
    ...[...giving, ...within].map(({ name, text }) => `${name}: ${text}`),
  ].join(" ");
}

/** The moment of an order or a refund: the same when the request is repeated. @param {Page} page @param {string} key */
export function momentOf(page, key) {
  const kept = page.recall("moment");
  if (kept?.key === key) return kept.moment;
  const moment = new Date().toISOString();
  page.remember("moment", { key, moment });
  return moment;
}

/** Redeem what the member can afford.
 * @param {Page} page @param {string} member @param {() => any[]} rewards @param {Done} done */
export function redeeming(page, member, rewards, done) {
  const form = new Form(page, `redeem-${member}`, {
    act: (body, key) =>
      page.api.request("POST", path`/members/${member}/redemptions`, { body, key }),
    confirm: ({ reward_id: id }) => {
      const reward = rewards().find((each) => each.id === id);
      return {
        title: `Redeem ${reward?.name ?? id}?`,
        text: `It costs ${page.format.points(reward?.cost_points)}.`,
        action: "Redeem",
      };
    },
    done: ({ body }) =>
      done(`Voucher ${body.voucher.code}`, {
        words: `Voucher ${body.voucher.code}`,
        method: "POST",
        where: path`/members/${member}/redemptions/${body.id}/cancel`,
      }),
  });
  return () => {
    const affordable = rewards().filter(({ redeemable }) => redeemable);
    const next = rewards()
      .filter(({ missing_points: missing }) => missing > 0)
      .sort((one, other) => one.missing_points - other.missing_points)[0];
    return html`<section class="panel"><h2>Redeem</h2>
      ${
        affordable.length
          ? form.render(
              form.select({
                name: "reward_id",
                label: "Reward",
                isRequired: true,
                choices: [
                  ["", "Choose"],
                  ...affordable.map(
                    (each) =>
                      /** @type {[string, string]} */ ([
                        each.id,
                        `${each.name} (${page.format.points(each.cost_points)})`,
                      ]),
                  ),
                ],
              }),
              { submit: "Redeem" },
            )
          : html`<p class="nothing">Nothing yet.</p>`
      }
      ${next ? html`<p class="quiet">${page.format.points(next.missing_points)} more for ${next.name}.</p>` : nothing}
    </section>`;
  };
}

/** Use a voucher, whoever holds it. @param {Page} page @param {Done} done */
export function using(page, done) {
  const form = new Form(page, "voucher", {
    act: ({ code }, key) =>
      page.api.request("POST", path`/vouchers/${code.trim()}/use`, { body: {}, key }),
    done: ({ body }) => {
      return done(`Used: ${rewardName(page, body.reward_id)}. Hand it over.`, null);
    },
  });
  return () => html`<section class="panel"><h2>Use a voucher</h2>
    ${form.render(form.field({ name: "code", label: "Code", isRequired: true, maxlength: 64 }), { submit: "Use" })}
  </section>`;
}
