// @ts-check
// What a member holds and who they are, as panels.

import { html, nothing } from "./lit.js";
import { memberLink } from "./entry_words.js";
import { levelName } from "./names.js";

/** @typedef {import("./types").Page} Page */

const KINDS = new Map([
  ["email", "E-mail"],
  ["phone", "Phone"],
  ["card", "Card"],
  ["customer", "Customer id"],
  ["subject", "Sign-in"],
]);

/** @param {Page} page @param {any} member */
export function holdings(page, member) {
  const { format } = page;
  return html`<section class="panel">
    <h2>Points</h2>
    <p class="big">${format.points(member.balance)}</p>
    ${member.debt ? html`<p>${format.points(member.debt)} owed; the next points pay them.</p>` : nothing}
    ${
      member.lots.length
        ? html`<ul>
      ${member.lots.map(
        (/** @type {any} */ lot) => html`<li>${format.points(lot.points)}
        ${lot.expires_on ? html`until ${format.day(lot.expires_on)}` : "that never expire"}</li>`,
      )}
    </ul>`
        : nothing
    }
    ${
      member.pending.length
        ? html`<h3>To come</h3><ul>
      ${member.pending.map((/** @type {any} */ each) => html`<li>${format.points(each.points)} from ${format.day(each.available_on)}</li>`)}
    </ul>`
        : nothing
    }
    <p><a href=${page.link("explain", member.id)}>Why this balance?</a></p>
  </section>`;
}

/** @param {Page} page @param {any} member */
export function level(page, { progress }) {
  if (!progress) return nothing;
  const { format } = page;
  const amount = (/** @type {number} */ value) =>
    progress.basis === "spend"
      ? format.minor(value)
      : `${format.number(value)} ${progress.basis === "orders" ? "orders" : "qualifying points"}`;
  return html`<section class="panel">
    <h2>Level</h2>
    <p class="big">${progress.level?.name ?? "None"}</p>
    <dl class="facts">
      <dt>So far</dt><dd>${amount(progress.amount)}</dd>
      ${progress.holds_until ? html`<dt>Holds until</dt><dd>${format.day(progress.holds_until)}</dd>` : nothing}
      ${progress.next ? html`<dt>For ${levelName(page, progress.next.level)}</dt><dd>${amount(progress.next.missing)} more by ${format.day(progress.next.by)}</dd>` : nothing}
      ${progress.keep ? html`<dt>To keep it</dt><dd>${amount(progress.keep.missing)} more by ${format.day(progress.keep.by)}</dd>` : nothing}
      ${progress.floor ? html`<dt>Granted</dt><dd>${levelName(page, progress.floor.level)} until ${format.day(progress.floor.until)}</dd>` : nothing}
    </dl>
  </section>`;
}

/** @param {Page} page @param {any} member */
export function person(page, member) {
  const { profile, identities, consents } = member;
  if (!page.may("cashier", "manager")) return nothing;
  const attributes = Object.entries(profile.attributes ?? {});
  return html`<section class="panel">
    <h2>Person</h2>
    <dl class="facts">
      <dt>Name</dt><dd>${profile.name ?? "–"}</dd>
      <dt>Language</dt><dd>${profile.locale ?? "–"}</dd>
      <dt>Birthday</dt><dd>${page.format.day(profile.birthday)}</dd>
      ${attributes.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}
      ${identities.map(
        (/** @type {any} */ each) => html`<dt>${KINDS.get(each.kind) ?? each.kind}</dt>
        <dd>${each.value}${each.source ? ` (${each.source})` : ""} <span class="tag">${each.verified ? "proven" : "not proven"}</span></dd>`,
      )}
      ${Object.entries(consents).map(([kind, isGiven]) => html`<dt>Messages by ${kind}</dt><dd>${isGiven ? "agrees" : "does not agree"}</dd>`)}
      <dt>Since</dt><dd>${page.format.instant(member.enrolled_at)}</dd>
      <dt>Member id</dt><dd>${member.id}</dd>
    </dl>
    ${
      member.identity_moves.length
        ? html`<h3>Identities that moved</h3><ul>
      ${member.identity_moves.map(
        (/** @type {any} */ move) => html`<li>${KINDS.get(move.kind) ?? move.kind}
        ${move.direction === "gained" ? "from" : "to"} ${memberLink(page, move.counterpart_id)} on ${page.format.instant(move.moved_at)}</li>`,
      )}
    </ul>`
        : nothing
    }
  </section>`;
}
