// @ts-check
// Refund an order: what it would take is said before it is made.

import { Form } from "./forms.js";
import { html } from "./lit.js";
import { path } from "./api.js";
import { AMOUNT, momentOf } from "./till_forms.js";

/** @typedef {import("./types").Page} Page */

/** @param {Page} page @param {string} source @param {string} id @param {() => unknown} done */
export function refunding(page, source, id, done) {
  const where = path`/orders/${source}/${id}/refunds`;
  const form = new Form(page, "refund", {
    body: ({ amount }) =>
      amount
        ? {
            amount: {
              amount: page.format.minorOf(String(amount)),
              currency: page.format.currency,
            },
          }
        : { whole: true },
    confirm: async (body) => {
      const name = { refund_id: crypto.randomUUID(), occurred_at: new Date().toISOString() };
      const quoted = await page.api.request("POST", `${where}/quote`, {
        body: { ...body, ...name },
      });
      return {
        title: `Refund ${page.format.money(quoted.body.counted)}?`,
        text: consequences(page, quoted.body),
        action: "Refund",
      };
    },
    act: (body, key) => {
      const refund = { ...body, refund_id: key, occurred_at: momentOf(page, key) };
      return page.api.request("POST", where, { body: refund, key });
    },
    done: async ({ body }) => {
      const taken = body.entry ? -(body.entry.points + body.entry.pending_points) : 0;
      page.announce(`Refunded. ${page.format.points(taken)} taken back.`);
      await done();
    },
  });
  return () => html`<section class="panel"><h2>Refund</h2>
    ${form.render(
      form.field({
        name: "amount",
        label: `Amount in ${page.format.currency}`,
        hint: "Leave it empty to refund all that is left.",
        inputmode: "decimal",
        pattern: AMOUNT,
        patternHint: "Enter an amount such as 12.50.",
      }),
      { submit: "Refund" },
    )}
  </section>`;
}

/** What a refund would take, in sentences. @param {Page} page @param {any} quote */
export function consequences(page, { points, campaigns, rules, limits }) {
  const { format } = page;
  const names = new Map(
    (page.inForce.document.campaigns ?? []).map((/** @type {any} */ each) => [each.id, each.name]),
  );
  const nameOf = (/** @type {string} */ id) => names.get(id) ?? id;
  const parts = [...rules, ...campaigns].map(
    ({ id, points: lost }) => `${format.number(-lost)} of ${nameOf(id)}`,
  );
  const returned = limits
    .filter((/** @type {any} */ each) => each.points)
    .map((/** @type {any} */ { campaign_id: campaign, limit, points: back }) => {
      const whose = limit === "budget" ? "The budget" : "The member's limit";
      return `${whose} of ${nameOf(campaign)} gets ${format.points(back)} back.`;
    });
  const loses = points
    ? `The order no longer earns ${format.points(-points)}: ${parts.join(", ")}.`
    : "The order's points stay as they are.";
  return [loses, ...returned].join(" ");
}
