// @ts-check
// Campaigns: how each stands, what is left of its budget; add one from a recipe, change, copy, end.

import { html, nothing } from "../lit.js";
import { readRecipes, withCampaign } from "../campaign_recipes.js";
import { resultCards } from "../campaign_results.js";
import { effectWords, windowWords } from "../campaign_words.js";
import { beginDraft } from "../drafts.js";
import { readRows } from "../report_rows.js";
import { table } from "../table.js";

/** @typedef {import("../types").Page} Page */
/** @typedef {import("../campaign_recipes.js").Recipe} Recipe */
/** @typedef {import("../types").Schema<"CampaignAnswer">} Standing how a campaign stands */
/** @typedef {{ index: number, terms: any, standing: Standing | undefined }} Campaign its place in the
 *   document, what that says, and how it stands; not known of one that was published just now */
/** @typedef {Map<string, { points_left: number, orders: number }>} Given what each gave lately */
/** @typedef {import("../campaign_result_words.js").Result} Result */

/** Each state with its heading, in the order in which they are shown. */
const STATES = /** @type {[Standing["state"] | undefined, string][]} */ ([
  [undefined, "Just published"],
  ["running", "Running"],
  ["spent", "Budget spent"],
  ["scheduled", "To come"],
  ["ended", "Over"],
]);
const REPORT = "campaigns";
const RESULTS = "campaign_uplift";
const DAYS = 30;
const RESULT_DAYS = 365;

/** @type {import("../types").View} */
export const view = {
  async open(page) {
    const mayChange = page.may("manager");
    /** @type {Given | null} */
    let given = null;
    /** @type {Result[]} */
    let results = [];
    const [{ items }, recipes] = await Promise.all([
      page.api.get("/campaigns"),
      mayChange ? readRecipes(page) : [],
      page.refreshProgram(),
    ]);
    const all = campaignsOf(page, items);
    page.show(
      () => html`
        ${mayChange ? adding(page, recipes, all.length === 0) : nothing}
        ${all.length ? nothing : html`<p class="nothing">There are no campaigns yet.</p>`}
        ${STATES.map(([state, title]) => section(page, state, title, all, given))}
        ${resultCards(page, results, new Map(all.map(({ terms }) => [terms.id, terms.name])))}
        ${all.length ? html`<p><a href=${page.link("reports", REPORT)}>What they gave, and what their orders brought in</a></p>` : nothing}`,
    );
    if (!all.length) return;
    // Reports are slower than the rest.
    given = await readGiven(page);
    page.redraw();
    if (!all.some(({ terms }) => terms.holdout) && !page.inForce.document.universal_holdout) return;
    results = await readRows(page, RESULTS, lately(page, RESULT_DAYS));
    page.redraw();
  },
};

/** The days until today. @param {Page} page @param {number} days */
const lately = ({ format }, days) => ({ from: format.today(1 - days), to: format.today() });

/** @param {Page} page @returns {Promise<Given>} */
async function readGiven(page) {
  const rows = await readRows(page, REPORT, lately(page, DAYS));
  return new Map(rows.map((row) => [row.campaign_id, row]));
}

/** @param {Page} page @param {Standing[]} standings @returns {Campaign[]} */
function campaignsOf(page, standings) {
  return page.inForce.document.campaigns.map(
    (/** @type {any} */ terms, /** @type {number} */ index) => ({
      index,
      terms,
      standing: standings.find(({ id }) => id === terms.id),
    }),
  );
}

/** @param {Page} page @param {Standing["state"] | undefined} state @param {string} title
 * @param {Campaign[]} campaigns @param {Given | null} given */
function section(page, state, title, campaigns, given) {
  const shown = campaigns.filter(({ standing }) => standing?.state === state);
  if (!shown.length) return nothing;
  const list = table(shown, {
    caption: title,
    empty: "",
    columns: [
      { label: "Campaign", isHead: true, cell: ({ terms }) => name(terms) },
      { label: "When", cell: ({ terms }) => windowWords(terms.when, page.format) },
      {
        label: "Gives",
        cell: ({ terms }) =>
          effectWords(terms.effect, page.format, (count) => page.format.points(count)),
      },
      { label: "Budget", cell: (each) => budget(page, each) },
      { label: `Last ${DAYS} days`, cell: ({ terms }) => givenLately(page, terms.id, given) },
      ...(page.may("manager")
        ? [{ label: "Change", cell: (/** @type {Campaign} */ each) => acts(page, each) }]
        : []),
    ],
  });
  const heading = html`<h2>${title} <span class="tag">${shown.length}</span></h2>`;
  return state === "ended"
    ? html`<details class="over"><summary>${heading}</summary>${list}</details>`
    : html`${heading}${list}`;
}

/** @param {any} terms */
function name({ name: title, activation, group, holdout }) {
  return html`${title}
    ${activation === "join" ? html`<span class="tag">to join</span>` : nothing}
    ${group ? html`<span class="tag">group ${group}</span>` : nothing}
    ${holdout ? html`<span class="tag">${holdout.percent}% held out</span>` : nothing}`;
}

/** @param {Page} page @param {Campaign} campaign */
function budget({ format }, { terms, standing }) {
  if (!standing) return html`<span class="quiet">it counts within 30 seconds</span>`;
  if (!standing.budget) return html`<span class="quiet">no limit</span>`;
  const { per, points, used, left, money } = standing.budget;
  const period = per === "campaign" ? "" : ` this ${per}`;
  const amount = money
    ? html`<br /><span class="quiet">worth ${format.money(money.left)}</span>`
    : nothing;
  return html`<progress max=${points} value=${Math.min(used, points)} aria-label="Used of the budget of ${terms.name}"></progress>
    ${format.number(left)} of ${format.points(points)} left${period}${amount}`;
}

/** @param {Page} page @param {string} id @param {Given | null} given */
function givenLately({ format }, id, given) {
  if (!given) return html`<span class="quiet">…</span>`;
  const { points_left: points, orders } = given.get(id) ?? { points_left: 0, orders: 0 };
  if (!orders) return html`<span class="quiet">nothing</span>`;
  return `${format.points(points)} for ${format.number(orders)} ${orders === 1 ? "order" : "orders"}`;
}

/** @param {Page} page @param {Campaign} campaign */
function acts(page, { index, terms, standing }) {
  const copy = () => draftWith(page, { ...terms, name: `${terms.name} (copy)` }, index + 1);
  const end = () => {
    const ended = { ...terms, when: { ...terms.when, ends_on: page.format.today() } };
    const { document } = page.inForce;
    const campaigns = document.campaigns.with(index, ended);
    return draft(page, `/campaigns/${index}/when/ends_on`, { ...document, campaigns });
  };
  const mayEnd = standing?.state === "running" || standing?.state === "spent";
  return html`<span class="acts">
    <a href=${page.link("program", { at: `/campaigns/${index}`, tab: "basket" })} aria-label="Change ${terms.name}">Change</a>
    <button type="button" @click=${copy} aria-label="Copy ${terms.name}">Copy</button>
    ${mayEnd ? html`<button type="button" @click=${end} aria-label="End today: ${terms.name}">End today</button>` : nothing}
  </span>`;
}

/** Begin a draft that has one more campaign. @param {Page} page @param {any} campaign @param {number} [index] */
function draftWith(page, campaign, index) {
  const { document, pointer } = withCampaign(page.inForce.document, campaign, index);
  return draft(page, pointer, document);
}

/** Begin a draft, and go to a place of it. @param {Page} page @param {string} pointer @param {any} document */
async function draft(page, pointer, document) {
  let id = "";
  const begin = async () => {
    id = await beginDraft(page, document);
  };
  const words = "This is a draft. Nothing changes until you publish it.";
  if (await page.attempt(begin, words))
    page.go(page.link("program", id, { at: pointer, tab: "basket" }));
}

/** @param {Page} page @param {Recipe[]} recipes @param {boolean} isFirst */
function adding(page, recipes, isFirst) {
  return html`<details class="adding panel" ?open=${isFirst}>
    <summary><h2>Add a campaign</h2></summary>
    <p class="hint">Choose what you want. You get a draft to change, to try on a basket and to publish.</p>
    <ul class="recipes">
      ${recipes.map(
        ({ title, wish, campaign }) => html`<li>
          <button type="button" @click=${() => draftWith(page, campaign)}>
            <strong>${title}</strong> <span class="quiet">${wish}</span>
          </button>
        </li>`,
      )}
    </ul>
  </details>`;
}
