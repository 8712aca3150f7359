// @ts-check
// A member's household: its members, what each shares, and how staff take the member out.

import { path } from "./api.js";
import { memberLink } from "./entry_words.js";
import { confirm } from "./forms.js";
import { html, nothing } from "./lit.js";

/** @typedef {import("./types").Page} Page */
/** @typedef {import("./types").Schema<"HouseholdAnswer">} Answer */

/** @param {Page} page @param {Answer | null} answer @param {() => Promise<void>} reread */
export function householdOf(page, answer, reread) {
  if (!answer?.household) return nothing;
  const { format } = page;
  const { member_id: id, household } = answer;
  const leave = async () => {
    const isSure = await confirm({
      title: "Take the member out of the household?",
      text: "No points move. The others can no longer spend this member's points, and the member can no longer spend theirs.",
      action: "Take out",
      isDanger: true,
    });
    if (!isSure) return;
    const where = path`/members/${id}/household`;
    await page.attempt(() => page.api.request("DELETE", where), "The member left the household.");
    await reread();
  };
  return html`<section class="panel">
    <h2>Household</h2>
    <p>Can spend ${format.points(household.spendable)}, their own included.</p>
    <ul>
      ${household.members.map(
        (each) => html`<li>
          ${each.member_id === id ? "This member" : memberLink(page, each.member_id)}${each.is_owner ? " (owner)" : ""},
          since ${format.day(each.since)}: shares ${format.points(each.shareable)} now
        </li>`,
      )}
    </ul>
    ${page.may("manager") ? html`<p class="actions"><button type="button" class="danger" @click=${leave}>Take out</button></p>` : nothing}
  </section>`;
}
