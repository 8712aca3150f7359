// @ts-check
// What happened to a member: entries, redemptions and messages.

import { confirm } from "./forms.js";
import { html, nothing } from "./lit.js";
import { path } from "./api.js";
import { listed, table } from "./table.js";
import { change, settled, what } from "./entry_words.js";
import { rewardName } from "./names.js";

/** @typedef {import("./types").Page} Page */
/** @typedef {import("./api.js").CursorList} CursorList */

const PAGES_MAX = 10;

/** Read entries until one of them is found. @param {CursorList} list @param {string | null} id */
export async function readUntil(list, id) {
  await list.next();
  const isMissing = () => id !== null && !list.items.some((each) => each.id === id);
  for (let pages = 1; isMissing() && list.hasMore && pages < PAGES_MAX; pages += 1)
    await list.next();
}

/** @param {Page} page @param {CursorList} entries */
export function history(page, entries) {
  const marked = page.query.get("entry");
  return listed(page, entries, {
    caption: "History",
    hasCaption: true,
    empty: "Nothing has happened yet.",
    columns: [
      { label: "When", isHead: true, cell: (entry) => page.format.instant(entry.happened_at) },
      {
        label: "What",
        cell: (entry) => {
          const parts = settled(page, entry);
          return html`${entry.id === marked ? html`<mark>${what(page, entry)}</mark>` : what(page, entry)}
            ${parts ? html`<br /><span class="quiet">${parts}</span>` : nothing}`;
        },
      },
      { label: "Points", isFigure: true, cell: (entry) => change(page, entry) },
    ],
  });
}

/** @param {Page} page @param {CursorList} redemptions @param {() => Promise<void>} reread */
export function redeemed(page, redemptions, reread) {
  return listed(page, redemptions, {
    caption: "Redemptions and vouchers",
    hasCaption: true,
    empty: "Nothing was redeemed yet.",
    columns: [
      { label: "When", isHead: true, cell: (each) => page.format.instant(each.redeemed_at) },
      { label: "Reward", cell: (each) => rewardName(page, each.reward_id) },
      { label: "Voucher", cell: (each) => each.voucher.code ?? "–" },
      { label: "Until", cell: (each) => page.format.instant(each.voucher.expires_at) },
      { label: "State", cell: (each) => html`<span class="tag">${each.state}</span>` },
      { label: "Cost", isFigure: true, cell: (each) => page.format.points(each.points) },
      { label: "Undo", cell: (each) => undo(page, each, reread) },
    ],
  });
}

/** @param {Page} page @param {any} redemption @param {() => Promise<void>} reread */
function undo(page, redemption, reread) {
  if (!page.may("cashier", "manager") || !["held", "issued"].includes(redemption.state))
    return nothing;
  const name = rewardName(page, redemption.reward_id);
  const cancel = async () => {
    const isSure = await confirm({
      title: `Cancel ${name}?`,
      text: `${page.format.points(redemption.points)} return, and the voucher ${redemption.voucher.code ?? ""} cannot be used any more.`,
      action: "Cancel the redemption",
      isDanger: true,
    });
    if (!isSure) return;
    const where = path`/members/${page.params[0]}/redemptions/${redemption.id}/cancel`;
    await page.attempt(() => page.api.request("POST", where), `${name} was cancelled.`);
    await reread();
  };
  return html`<button type="button" aria-label="Cancel ${name} of ${page.format.instant(redemption.redeemed_at)}" @click=${cancel}>Cancel</button>`;
}

/** @param {Page} page @param {any} messages a page of messages */
export function messages(page, messages) {
  return html`${table(messages.items, {
    caption: "Messages",
    hasCaption: true,
    empty: "No messages were written to this member.",
    columns: [
      {
        label: "When",
        isHead: true,
        cell: (/** @type {any} */ each) => page.format.instant(each.written_at),
      },
      { label: "Kind", cell: (/** @type {any} */ each) => each.kind.replaceAll("_", " ") },
      {
        label: "State",
        cell: (/** @type {any} */ each) => html`<span class="tag">${each.state}</span>`,
      },
      { label: "About", cell: (/** @type {any} */ each) => page.format.day(each.about) },
    ],
  })}
  ${messages.held_back.map(
    (/** @type {any} */ each) => html`<p class="quiet">${each.kind.replaceAll("_", " ")}
    waits until ${page.format.instant(each.until)}: ${each.reason.replaceAll("_", " ")}.</p>`,
  )}`;
}
