// @ts-check
// Cards that say what campaigns brought in, against members who were held out.

import { resultWords } from "./campaign_result_words.js";
import { html, nothing } from "./lit.js";

/** @typedef {import("./types").Page} Page */
/** @typedef {import("./campaign_result_words.js").Result} Result */

/** A card for each campaign with a holdout. @param {Page} page @param {Result[]} results
 * @param {Map<string | null, string>} names by id */
export function resultCards(page, results, names) {
  if (!results.length) return nothing;
  return html`<h2>What they brought in</h2>
    <ul class="results">
      ${results.map(
        (each) => html`<li class="panel">
          <h3>${names.get(each.campaign_id) ?? each.campaign_id ?? "All campaigns together"}</h3>
          ${resultWords(each, page.format).map((sentence) => html`<p>${sentence}</p>`)}
        </li>`,
      )}
    </ul>`;
}
