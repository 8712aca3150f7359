// @ts-check
// Segments: who is in each, how many they are as of when; count whom a new one would have.

import { html, nothing } from "../lit.js";
import { path } from "../api.js";
import { beginDraft } from "../drafts.js";
import { memberLink } from "../entry_words.js";
import { Form } from "../forms.js";
import { listed, table } from "../table.js";
import { AMOUNT } from "../till_forms.js";

/** @typedef {import("../types").Page} Page */
/** @typedef {import("../types").Schema<"SegmentAnswer">} Segment */

const LAST_ORDER = "days_since_order";
/** What can be counted without writing JSON: the fact, and what it asks. */
const QUESTIONS = /** @type {[string, string][]} */ ([
  ["spent", "spent at least this much"],
  ["orders", "ordered at least this often"],
  ["redeemed", "redeemed at least this many rewards"],
  [LAST_ORDER, "last ordered at least this many days ago"],
]);

/** What is counted; money is the other. @type {Record<string, string>} */
const COUNTED = { orders: "Orders", redeemed: "Rewards", [LAST_ORDER]: "Days" };

/** @type {import("../types").View} */
export const view = {
  async open(page) {
    const [id] = page.params;
    if (id) return openMembers(page, id);
    const [{ items }] = await Promise.all([page.api.get("/segments"), page.refreshProgram()]);
    const counting = page.may("manager", "analyst") ? countForm(page) : () => nothing;
    page.show(
      () => html`
        ${list(page, items)}
        <section class="panel"><h2>Count members</h2>${counting()}</section>`,
    );
  },
};

/** @param {Page} page @param {Segment[]} segments */
function list(page, segments) {
  return table(segments, {
    caption: "Segments of the program in force",
    empty: "There are no segments yet.",
    columns: [
      { label: "Segment", isHead: true, cell: ({ name }) => name },
      { label: "Who is in it", cell: (each) => each.in_words },
      { label: "Members", cell: (each) => members(page, each) },
      { label: "As of", cell: ({ as_of: at }) => (at ? page.format.instant(at) : "–") },
    ],
  });
}

/** @param {Page} page @param {Segment} segment */
function members(page, { id, name, live, members: count }) {
  if (count !== null)
    return html`<a href=${page.link("segments", id)} aria-label="${page.format.number(count)} members of ${name}">${page.format.number(count)}</a>`;
  const why = live ? "checked when it is used" : "counted within minutes";
  return html`<span class="quiet">${why}</span>`;
}

/** @param {Page} page @param {string} id */
async function openMembers(page, id) {
  const found = page.api.list(path`/segments/${id}/members`, { limit: 50 });
  const [{ items }] = await Promise.all([page.api.get("/segments"), found.next()]);
  /** @type {Segment | undefined} */
  const segment = items.find((/** @type {Segment} */ each) => each.id === id);
  page.show(
    () => html`
      ${segment ? html`<p>Who is in it: ${segment.in_words}. ${segment.as_of ? `As of ${page.format.instant(segment.as_of)}.` : nothing}</p>` : nothing}
      ${listed(page, found, {
        caption: "Members",
        empty: "Nobody is in this segment.",
        columns: [
          { label: "Member", isHead: true, cell: (each) => memberLink(page, each.member_id) },
          { label: "In it since", cell: (each) => page.format.instant(each.since) },
        ],
      })}
      <p><a href=${page.link("segments")}>All segments</a></p>`,
    { title: segment?.name ?? "Segment" },
  );
}

/** @param {Page} page */
function countForm(page) {
  /** @type {{ who: any, members: number } | null} */
  let counted = null;
  const form = new Form(page, "count", {
    act: async (body) => {
      const answer = await page.api.request("POST", "/segments/count", { body });
      return { who: body.who, members: answer.body.members };
    },
    body: (values) => ({ who: rule(page, values) }),
    done: (answer) => {
      counted = answer;
      page.announce(fits(page, answer.members));
      page.redraw();
    },
    values: {
      "who/fact": "spent",
      "who/at_least_minor": "100",
      "who/at_least": "3",
      "who/days": "90",
    },
    keepsValues: true,
  });
  return () => html`
    ${form.render(
      html`${form.select({ name: "who/fact", label: "Members who", isRequired: true, choices: QUESTIONS })}
        ${bound(page, form)}
        ${form.text("who/fact") === LAST_ORDER ? nothing : form.field({ name: "who/days", label: "In the last … days", type: "integer", min: "1", isRequired: true })}`,
      { submit: "Count" },
    )}
    ${counted ? outcome(page, counted) : nothing}`;
}

/** How much or how many. @param {Page} page @param {Form} form */
function bound({ format }, form) {
  const counted = COUNTED[form.text("who/fact")];
  return counted
    ? form.field({
        name: "who/at_least",
        label: counted,
        type: "integer",
        min: "1",
        isRequired: true,
      })
    : form.field({
        name: "who/at_least_minor",
        label: `Amount in ${format.currency}`,
        inputmode: "decimal",
        pattern: AMOUNT,
        patternHint: "Enter an amount such as 12.50.",
        isRequired: true,
      });
}

/** @param {Page} page @param {{ who: any, members: number }} counted */
function outcome(page, { who, members: count }) {
  const begin = () => makeSegment(page, who);
  return html`<p><strong>${fits(page, count)}</strong>
    ${page.may("manager") ? html`<button type="button" @click=${begin}>Make it a segment</button>` : nothing}</p>`;
}

/** @param {Page} page @param {number} count */
function fits(page, count) {
  return count === 1 ? "1 member fits." : `${page.format.number(count)} members fit.`;
}

/** The rule that was asked for. @param {Page} page @param {Record<string, string | boolean>} values */
function rule(page, values) {
  const fact = String(values["who/fact"]);
  const days = Number(values["who/days"]);
  if (!(fact in COUNTED))
    return {
      fact,
      days,
      at_least_minor: page.format.minorOf(String(values["who/at_least_minor"])),
    };
  const count = { fact, at_least: Number(values["who/at_least"]) };
  return fact === LAST_ORDER ? count : { ...count, days };
}

/** Begin a draft that has one more segment. @param {Page} page @param {any} who */
async function makeSegment(page, who) {
  const { document } = page.inForce;
  const taken = new Set(document.segments.map((/** @type {any} */ each) => each.id));
  let number = taken.size + 1;
  while (taken.has(`segment-${number}`)) number += 1;
  const segment = { id: `segment-${number}`, name: `Segment ${number}`, who };
  let draft = "";
  const begin = async () => {
    draft = await beginDraft(page, { ...document, segments: [...document.segments, segment] });
  };
  const words = "This is a draft. Nothing changes until you publish it.";
  if (await page.attempt(begin, words))
    page.go(page.link("program", draft, { at: `/segments/${document.segments.length}` }));
}
