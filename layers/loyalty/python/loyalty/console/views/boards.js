// @ts-check
// Boards: how members stand, in the window that is running.

import { html, nothing } from "../lit.js";
import { table } from "../table.js";

/** @typedef {import("../types").Page} Page */
/** @typedef {import("../types").Schema<"StandingAnswer">} Standing */
/** @typedef {Standing["items"][number]} Place */

/** @type {import("../types").View} */
export const view = {
  async open(page) {
    const { items } = await page.api.get("/boards");
    /** @type {Standing[]} */
    const standings = await Promise.all(
      items.map((/** @type {{ id: string }} */ { id }) =>
        page.api.get(`/boards/${encodeURIComponent(id)}`),
      ),
    );
    page.show(
      () => html`
        ${standings.map((each) => standingOf(page, each))}
        ${standings.length ? nothing : html`<p class="nothing">There are no boards. A board ranks members by what a challenge counts.</p>`}
        ${page.may("manager") ? html`<p><a href=${page.link("program")}>Set boards in the program</a></p>` : nothing}`,
      { title: "Boards" },
    );
  },
};

/** @param {Page} page @param {Standing} standing */
function standingOf(page, standing) {
  const { as_of: asOf, members, name } = standing;
  const when = asOf ? `as of ${page.format.instant(asOf)}` : "not computed yet";
  return html`${table(standing.items, {
    caption: `${name}, ${windowOf(page, standing)}`,
    hasCaption: true,
    empty: "Nobody has a score yet.",
    columns: [
      { label: "Place", isFigure: true, cell: ({ place }) => page.format.number(place) },
      { label: "Member", isHead: true, cell: (each) => member(page, each) },
      { label: "Score", isFigure: true, cell: (each) => score(page, standing, each) },
      { label: "Prize", cell: ({ has_prize: hasPrize }) => (hasPrize ? "yes" : "no") },
    ],
  })}
  <p class="quiet">${page.format.number(members)} members have a score; ${when}.</p>`;
}

/** @param {Page} page @param {Standing} standing */
function windowOf(page, { starts_on: from, ends_on: to }) {
  return from && to ? page.format.period(from, to) : "without an end";
}

/** @param {Page} page @param {Place} place */
function member(page, { member_id: id, nickname }) {
  if (!id) return nickname ?? "a member";
  return html`<a href=${page.link("member", id)}>${nickname ?? id}</a>`;
}

/** @param {Page} page @param {Standing} standing @param {Place} place */
function score({ format }, { counts }, { score: count }) {
  return counts === "spend_minor" ? format.minor(count) : format.number(count);
}
