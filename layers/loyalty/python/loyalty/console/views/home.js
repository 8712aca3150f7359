// @ts-check
// Home: what needs a person today, each with the place where it is solved, and the key figures.

import { goalList, readGoals } from "../goal_words.js";
import { html, nothing } from "../lit.js";
import { readRows } from "../report_rows.js";

/** @typedef {import("../types").Page} Page */

/** What a concern is, for one and for several. @type {Record<string, [string, string]>} */
const CONCERNS = {
  data_requests: [
    "request for a person's data is waiting",
    "requests for people's data are waiting",
  ],
  deliveries_failed: ["delivery failed", "deliveries failed"],
  deliveries_parked: ["delivery is parked", "deliveries are parked"],
  approvals_waiting: ["request waits for a second manager", "requests wait for a second manager"],
  reviews_open: ["review is open", "reviews are open"],
  drafts: ["draft of the program", "drafts of the program"],
  drafts_outdated: ["draft is based on an older version", "drafts are based on older versions"],
  endpoint_disabled: ["endpoint is switched off", "endpoints are switched off"],
  endpoint_failing: ["event could not be delivered", "events could not be delivered"],
  erasures_stoppable: ["erasure is about to begin", "erasures are about to begin"],
  erasures_unfinished: [
    "erasure is unfinished; an operator can help",
    "erasures are unfinished; an operator can help",
  ],
  exports_failed: ["export failed", "exports failed"],
  exports_under_way: ["export is under way", "exports are under way"],
  storefront_credentials: [
    "connection lacks a right at the shop",
    "connections lack a right at the shop",
  ],
  storefront_signature: ["shop signs with a different key", "shops sign with a different key"],
};
/** The columns of the summary that are shown, and what they are called. @param {Page} page
 * @returns {[string, string][]} */
const figuresOf = ({ format }) => {
  const points = format.many.charAt(0).toLocaleUpperCase() + format.many.slice(1);
  return [
    ["orders", "Orders"],
    ["active_members", "Active members"],
    ["points_earned", `${points} earned`],
    ["points_redeemed", `${points} redeemed`],
  ];
};
const DAYS = 30;

/** @type {import("../types").View} */
export const view = {
  async open(page) {
    const { document, version, published_at: publishedAt } = page.inForce;
    /** @type {any} */
    let home = null;
    /** @type {{ now: any, before: any } | null} */
    let figures = null;
    /** @type {import("../goal_words.js").Goal[]} */
    let goals = [];
    page.show(
      () => html`
        ${home ? concerns(page, home) : html`<p class="quiet">Looking at what needs you…</p>`}
        ${goalList(page, goals)}
        ${figures ? keyFigures(page, figures) : nothing}
        <p class="quiet">Version ${version}, published ${page.format.instant(publishedAt)}. Days are days in
          ${document.time_zone}.</p>`,
      { title: document.name },
    );
    const isAnalyst = page.may("analyst", "manager");
    /** @type {(() => Promise<void>)[]} */
    const readings = [
      async () => {
        home = await page.api.get("/home");
      },
      async () => {
        if (isAnalyst && document.goals.length) goals = await readGoals(page);
      },
      async () => {
        if (!isAnalyst) return;
        const [now, before] = await Promise.all([summary(page, 0), summary(page, DAYS)]);
        figures = { now, before };
      },
    ];
    // Reports are slower than the rest, so each part is drawn when it was read.
    await Promise.all(readings.map((read) => read().then(() => page.redraw())));
  },
};

/** @param {Page} page @param {any} home */
function concerns(page, { items, unavailable }) {
  return html`<section aria-labelledby="today">
    <h2 id="today">What needs you</h2>
    ${
      items.length
        ? html`<ul class="choices">${items.map((/** @type {any} */ item) => html`<li>${concern(page, item)}</li>`)}</ul>`
        : html`<p class="nothing">Nothing. Everything that arrives is applied.</p>`
    }
    ${unavailable.length ? html`<p class="quiet">The console cannot read these now: ${unavailable.join(", ").replaceAll("_", " ")}.</p>` : nothing}
  </section>`;
}

/** @param {Page} page @param {any} item */
function concern(page, item) {
  const [one, several] = CONCERNS[item.kind] ?? [item.kind, item.kind];
  const words = html`<span class="tag ${item.severity === "error" ? "bad" : ""}">${page.format.number(item.count)}${item.is_more ? "+" : ""}</span>
    ${item.count === 1 && !item.is_more ? one : several}${item.subject ? ` (${item.subject})` : ""}
    ${item.due_at ? html`<span class="quiet">by ${page.format.instant(item.due_at)}</span>` : nothing}`;
  const address = addressOf(page, item);
  return address ? html`<a href=${address}>${words}</a>` : html`<p>${words}</p>`;
}

/** Where a concern is solved. @param {Page} page @param {any} item */
function addressOf(page, { kind, subject }) {
  if (kind.startsWith("deliveries_") || kind === "data_requests")
    return page.link("deliveries", subject);
  if (kind === "approvals_waiting") return page.link("approvals");
  if (kind === "reviews_open") return page.link("reviews");
  if (kind.startsWith("endpoint_")) return page.link("endpoint", subject);
  if (kind.startsWith("drafts")) return page.link("program");
  if (kind.startsWith("exports_")) return page.link("exports");
  if (kind.startsWith("storefront_") || kind === "erasures_stoppable")
    return page.link("shop", subject);
  return null;
}

/** @param {Page} page @param {number} earlier days */
async function summary(page, earlier) {
  const period = { from: page.format.today(1 - DAYS - earlier), to: page.format.today(-earlier) };
  const [row] = await readRows(page, "summary", period);
  return row ?? {};
}

/** @param {Page} page @param {{ now: any, before: any }} figures */
function keyFigures(page, { now, before }) {
  const shown = figuresOf(page).filter(([name]) => typeof now[name] === "number");
  return html`<section aria-labelledby="figures">
    <h2 id="figures">The last ${DAYS} days</h2>
    <dl class="figures">${shown.map(
      ([name, label]) => html`<div><dt>${label}</dt>
        <dd>${page.format.number(now[name])}</dd>
        <dd class="change">${compared(page, now[name], before[name])}</dd></div>`,
    )}</dl>
    <p><a href=${page.link("reports")}>Reports</a></p>
  </section>`;
}

/** @param {Page} page @param {number} now @param {number | null} before */
function compared(page, now, before) {
  if (!before) return "none in the period before";
  const share = page.format.percent(Math.abs(now / before - 1));
  return now === before
    ? "as in the period before"
    : `${share} ${now > before ? "more" : "less"} than in the period before`;
}
