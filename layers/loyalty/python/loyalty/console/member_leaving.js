// @ts-check
// Merging, exporting and erasing a member: acts about the whole person.

import { confirm, Form } from "./forms.js";
import { html, nothing } from "./lit.js";
import { Problem, path } from "./api.js";
import { saveFile } from "./saving.js";

/** @typedef {import("./types").Page} Page */

/** @param {Page} page @param {() => any} read @param {(words: string) => Promise<void>} done */
export function leavingOf(page, read, done) {
  const merging = page.may("manager") ? mergeOf(page) : () => nothing;
  return () => html`<section class="panel" aria-labelledby="whole">
    <h2 id="whole">The whole member</h2>
    ${merging()}
    <p class="actions">
      <button type="button" @click=${() => save(page)}>Export everything</button>
      <button type="button" class="danger" @click=${() => erase(page, read(), done)}>Erase</button>
    </p>
  </section>`;
}

/** @param {Page} page */
function mergeOf(page) {
  const where = path`/members/${page.params[0]}/merge`;
  const form = new Form(page, "merge", {
    // What the merge would do is read first, and stated before it is done.
    act: async (body, key) => {
      const { body: preview } = await page.api.request("POST", `${where}/preview`, { body });
      const isSure = await confirm({
        title: "Merge the two members?",
        text: wordsOf(page, preview),
        action: "Merge",
        isDanger: true,
      });
      return isSure ? (await page.api.request("POST", where, { body, key })).body : null;
    },
    done: (merged) => {
      if (!merged) return;
      page.announce("The two members are one now.");
      page.go(page.link("member", merged.member_id));
    },
  });
  return () => html`<details ?open=${Boolean(form.problem || form.faults.size)}>
    <summary>Merge into another member</summary>
    ${form.render(
      form.field({
        name: "into",
        label: "Id of the member who remains",
        isRequired: true,
        maxlength: 64,
      }),
      { submit: "See what it would do" },
    )}
  </details>`;
}

/** What a merge would do, in numbers. @param {Page} page @param {any} preview */
function wordsOf(
  page,
  {
    merged,
    remaining,
    after,
    paid_debt: paid,
    levels,
    person,
    open_vouchers: vouchers,
    remaining_id: id,
  },
) {
  const { format } = page;
  const parts = [
    `${format.points(merged.balance)} and ${format.points(remaining.balance)} become ${format.points(after.balance)} of ${id}.`,
    paid && `${format.points(paid)} pay a debt.`,
    after.pending_points && `${format.points(after.pending_points)} are still to come.`,
    vouchers && `${format.number(vouchers)} open vouchers move.`,
    levels && levels.after !== levels.remaining && `The level becomes ${levels.after}.`,
    person && `${format.number(sum(person.identities))} identities move.`,
    person?.fields_lost.length && `Lost, because both have it: ${person.fields_lost.join(", ")}.`,
    person?.consents_lost.length && `Consents lost: ${person.consents_lost.join(", ")}.`,
    "This cannot be undone.",
  ];
  return parts.filter(Boolean).join(" ");
}

/** @param {Record<string, number>} counts */
const sum = (counts) => Object.values(counts).reduce((total, count) => total + count, 0);

/** Save all pages of the export as one file. @param {Page} page */
async function save(page) {
  const [id] = page.params;
  const pages = [];
  try {
    let cursor = null;
    do {
      const part = await page.api.get(path`/members/${id}/export`, { cursor });
      pages.push(part);
      cursor = part.next_cursor;
      page.announce(`Exporting… ${pages.length} read.`);
    } while (cursor);
  } catch (error) {
    return page.fail(error);
  }
  const file = new Blob([JSON.stringify(pages, null, 2)], { type: "application/json" });
  saveFile(file, `${id}.json`);
  page.announce("The export was saved.");
}

/** @param {Page} page @param {any} member @param {(words: string) => Promise<void>} done */
async function erase(page, member, done) {
  const { format } = page;
  const isSure = await confirm({
    title: "Erase this person?",
    text:
      `The profile, ${format.number(member.identities.length)} identities and all messages are deleted, and ` +
      `${format.points(member.balance)} can never be spent. This cannot be undone.`,
    action: "Erase",
    isDanger: true,
  });
  if (!isSure) return;
  try {
    await page.api.request("DELETE", path`/members/${member.id}`);
  } catch (error) {
    if (error instanceof Problem && error.status !== 401) return done(error.message);
    return page.fail(error);
  }
  page.announce("The person was erased.");
  page.go(page.link("search"));
}
