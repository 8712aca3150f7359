// @ts-check
// Why an order earned: each campaign and earning rule in a sentence, with its conditions to unfold.

import { html, nothing } from "./lit.js";
import { table } from "./table.js";

/** @typedef {import("./types").Page} Page */

/** @param {Page} page @param {any} explanation of an order that earned */
export function reasons(page, explanation) {
  return html`${explanation.campaigns.length ? givers(page, explanation.campaigns, "Campaigns") : nothing}
    ${givers(page, explanation.rules, "Earning rules")}`;
}

/** @param {Page} page @param {any[]} found @param {string} caption */
function givers(page, found, caption) {
  return table(found, {
    caption,
    hasCaption: true,
    empty: "The program had none.",
    columns: [
      { label: "Name", cell: (/** @type {any} */ each) => each.name ?? each.id, isHead: true },
      { label: "Why", cell: (/** @type {any} */ each) => why(each) },
      {
        label: "Earned",
        cell: (/** @type {any} */ each) => page.format.number(each.points),
        isFigure: true,
      },
      {
        label: "Kept",
        cell: (/** @type {any} */ each) => page.format.number(each.kept),
        isFigure: true,
      },
    ],
  });
}

/** @param {any} giver */
function why({ id, name, text, findings }) {
  return html`${text}
    <details><summary aria-label="Conditions of ${name ?? id}">Conditions</summary>
      <ul>${findings.map((/** @type {any} */ each) => html`<li>${each.text}</li>`)}</ul>
    </details>`;
}
