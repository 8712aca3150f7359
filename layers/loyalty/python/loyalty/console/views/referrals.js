// @ts-check
// Referrals: suspicious claims of friends that wait for a manager, and deciding about one.
//
// #/<program>/referrals lists them; #/<program>/referrals/<friend> is one.

import { path } from "../api.js";
import { memberLink } from "../entry_words.js";
import { Form } from "../forms.js";
import { html, nothing } from "../lit.js";
import { listed } from "../table.js";

/** @typedef {import("../types").Page} Page */
/** @typedef {import("../types").Schema<"ReferralAnswer">} Referral */

/** @type {Record<string, string>} */
const SIGNALS = {
  device: "the same device as the member, or as a different friend of theirs",
  network: "many friends from one network",
  email_alike: "an e-mail much like the member's",
};
const EMPTY = "No claim waits for a decision.";

/** @type {import("../types").View} */
export const view = {
  async open(page) {
    const held = page.api.list("/referrals", { limit: 50 });
    const [friend] = page.params;
    if (friend) return one(page, held, friend);
    page.show(
      () =>
        html`${listed(page, held, {
          caption: "Referrals",
          empty: EMPTY,
          columns: [
            {
              label: "Friend",
              isHead: true,
              cell: (each) =>
                html`<a href=${page.link("referrals", each.member_id)}>${each.member_id}</a>`,
            },
            { label: "Brought by", cell: (each) => memberLink(page, each.referrer_id) },
            { label: "Suspicious", cell: signalsOf },
            { label: "Claimed", cell: (each) => page.format.instant(each.claimed_at) },
          ],
        })}`,
    );
    await held.next();
    page.redraw();
  },
};

/** @param {Referral} referral */
const signalsOf = ({ signals }) => signals.map((each) => SIGNALS[each]).join("; ");

/**
 * @param {Page} page @param {import("../api.js").CursorList} held
 * @param {string} friend
 */
async function one(page, held, friend) {
  await held.next();
  while (
    held.hasMore &&
    !held.items.some((/** @type {Referral} */ each) => each.member_id === friend)
  )
    await held.next();
  let referral = held.items.find((/** @type {Referral} */ each) => each.member_id === friend);
  const form = new Form(page, "decide", {
    body: ({ decision, reason }) => ({ decision, reason }),
    act: ({ decision, reason }) =>
      page.api.request("POST", path`/members/${friend}/referral/${decision}`, { body: { reason } }),
    confirm: ({ decision }) =>
      decision === "approve"
        ? {
            title: "Approve this referral?",
            text: "The friend's orders count, and both members get what was promised.",
            action: "Approve",
            isDanger: false,
          }
        : {
            title: "Refuse this referral?",
            text: "Nothing is given, and nobody else can bring this friend.",
            action: "Refuse",
            isDanger: true,
          },
    done: async ({ body }) => {
      referral = body;
      page.announce(body.state === "refused" ? "It was refused." : "It was approved.");
      page.redraw();
    },
  });
  page.show(
    () => html`${referral ? facts(page, referral) : html`<p class="nothing">${EMPTY}</p>`}
      ${referral?.state === "held" ? decide(form) : nothing}
      <p class="actions"><a href=${page.link("referrals")}>All waiting referrals</a></p>`,
    { title: "Referral" },
  );
}

/** @param {Page} page @param {Referral} referral */
function facts(page, referral) {
  const { decided_at: at, decision_reason: why } = referral;
  return html`<dl class="facts">
    <dt>Friend</dt><dd>${memberLink(page, referral.member_id)}</dd>
    <dt>Brought by</dt><dd>${memberLink(page, referral.referrer_id)}</dd>
    <dt>Suspicious</dt><dd>${signalsOf(referral)}</dd>
    <dt>Claimed</dt><dd>${page.format.instant(referral.claimed_at)}</dd>
    ${at ? html`<dt>Decided</dt><dd>${page.format.instant(at)}: ${why}</dd>` : nothing}
  </dl>`;
}

/** @param {Form} form */
function decide(form) {
  /** @type {[string, string][]} */
  const choices = [
    ["", "Choose"],
    ["approve", "Approve: the friend's orders count"],
    ["refuse", "Refuse: nothing is given"],
  ];
  return html`<section class="panel" aria-labelledby="decide"><h2 id="decide">Decide</h2>
    ${form.render(
      html`${form.select({ name: "decision", label: "Decision", isRequired: true, choices })}
      ${form.field({ name: "reason", label: "Reason", hint: "Managers can read it in the list of actions.", isRequired: true, maxlength: 200 })}`,
      { submit: "Decide" },
    )}
  </section>`;
}
