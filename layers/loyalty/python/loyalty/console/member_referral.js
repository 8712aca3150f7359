// @ts-check
// A member's code for friends, how far each friend got, and the referral that brought the member.

import { html, nothing } from "./lit.js";
import { table } from "./table.js";

/** @typedef {import("./types").Page} Page */
/** @typedef {import("./types").Schema<"ReferralOfMember">} MemberReferral */

/** @type {Record<string, string>} */
const STATES = {
  claimed: "still has to buy",
  awarded: "both got what was promised",
  undone: "returned too much, so both lost it",
  lapsed: "did not buy in time",
  held: "waits for a manager",
  refused: "was refused",
};

/** @param {Page} page @param {MemberReferral | null} referral */
export function referralOf(page, referral) {
  if (!referral) return nothing;
  const { format } = page;
  const { brought } = referral;
  return html`<section class="panel">
    <h2>Friends</h2>
    <dl class="facts">
      <dt>Code</dt><dd>${referral.code}</dd>
      <dt>Given for</dt><dd>${format.number(referral.given_for)} ${referral.given_for === 1 ? "friend" : "friends"}</dd>
      ${brought ? html`<dt>Brought by a member</dt><dd>${STATES[brought.state]} (${format.instant(brought.claimed_at)})</dd>` : nothing}
    </dl>
    ${table(referral.friends, {
      caption: "Friends, newest first",
      empty: "Nobody has used the code yet.",
      columns: [
        { label: "Claimed", isHead: true, cell: (each) => format.instant(each.claimed_at) },
        { label: "State", cell: (each) => STATES[each.state] },
      ],
    })}
  </section>`;
}
