// @ts-check
// A member's campaigns: which are theirs, how much of a limit is used, joining and leaving.

import { html, nothing } from "./lit.js";
import { path } from "./api.js";
import { table } from "./table.js";

/** @typedef {import("./types").Page} Page */
/** @typedef {import("./types").Schema<"CampaignOfMember">} Campaign */

/** @param {Page} page @param {Campaign[]} campaigns @param {() => Promise<void>} reread */
export function campaignsOf(page, campaigns, reread) {
  if (!campaigns.length) return nothing;
  return table(campaigns, {
    caption: "Campaigns",
    hasCaption: true,
    empty: "",
    columns: [
      { label: "Campaign", isHead: true, cell: (each) => each.name },
      { label: "Until", cell: (each) => (each.ends_on ? page.format.day(each.ends_on) : "no end") },
      { label: "State", cell: (each) => stateOf(page, each) },
      { label: "Used", cell: (each) => used(page, each) },
      { label: "Takes part", cell: (each) => part(page, each, reread) },
    ],
  });
}

/** @param {Page} page @param {Campaign} campaign */
function stateOf(page, { can_join: canJoin, caps, eligible, starts_on: startsOn, text }) {
  if (startsOn && startsOn > page.format.today()) return `from ${page.format.day(startsOn)} on`;
  if (canJoin) return "not joined";
  if (caps.some(({ points, orders, used: count }) => count >= (points ?? orders ?? Infinity)))
    return "nothing left";
  return eligible ? "counts now" : html`not for the next order <span class="quiet">${text}</span>`;
}

/** @param {Page} page @param {Campaign} campaign */
function used({ format }, { caps, name }) {
  if (!caps.length) return html`<span class="quiet">no limit</span>`;
  return caps.map(({ per, points, orders, used: count }) => {
    const most = points ?? orders ?? 0;
    const unit = points === null ? (most === 1 ? "order" : "orders") : format.many;
    const period = per === "campaign" ? "" : ` this ${per}`;
    return html`<div><progress max=${most} value=${Math.min(count, most)} aria-label="Used of ${name} in ${unit}"></progress>
      ${format.number(count)} of ${format.number(most)} ${unit}${period}</div>`;
  });
}

/** @param {Page} page @param {Campaign} campaign @param {() => Promise<void>} reread */
function part(page, { id, name, joined, joined_at: joinedAt, can_join: canJoin }, reread) {
  const change = (/** @type {string} */ method, /** @type {string} */ words) => async () => {
    const where = path`/members/${page.params[0]}/campaigns/${id}`;
    if (await page.attempt(() => page.api.request(method, where), words)) await reread();
  };
  if (joined) {
    return html`<span class="acts">since ${page.format.instant(joinedAt)}
      <button type="button" aria-label="Leave ${name}" @click=${change("DELETE", `They left ${name}.`)}>Leave</button></span>`;
  }
  return canJoin
    ? html`<button type="button" aria-label="Join ${name}" @click=${change("PUT", `They joined ${name}.`)}>Join</button>`
    : "by itself";
}
