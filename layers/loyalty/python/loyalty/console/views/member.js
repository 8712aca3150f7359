// @ts-check
// Member: what a person holds, who they are, what happened, and what may be done about it.

import { html, nothing } from "../lit.js";
import { path, Problem } from "../api.js";
import { activitiesOf } from "../member_activities.js";
import { actsOf } from "../member_acts.js";
import { campaignsOf } from "../member_campaigns.js";
import { challengesOf } from "../member_challenges.js";
import { holdings, level, person } from "../member_facts.js";
import { householdOf } from "../member_household.js";
import { leavingOf } from "../member_leaving.js";
import { history, messages, readUntil, redeemed } from "../member_lists.js";
import { offersOf } from "../member_offers.js";
import { planOf } from "../member_plan.js";
import { referralOf } from "../member_referral.js";
import { recommendationsOf } from "../member_recommendations.js";

/** @typedef {import("../types").Page} Page */

const STATUS = new Map([
  ["merged", "This member was merged into another one."],
  ["erased", "This person was erased. Only figures remain."],
]);

/** @type {import("../types").View} */
export const view = {
  async open(page) {
    const [id] = page.params;
    const where = path`/members/${id}`;
    let member = await page.api.get(where);
    const lists = listsOf(page, where);
    const reread = async () => {
      try {
        member = await page.api.get(where);
        Object.assign(lists, listsOf(page, where));
        await readLists(page, lists, where, member);
      } catch (error) {
        // Somebody erased the member meanwhile.
        if (error instanceof Problem && error.status === 404) return page.go(page.link("search"));
        return page.fail(error);
      }
      page.redraw();
    };
    const done = async (/** @type {string} */ words) => {
      page.announce(words);
      await reread();
    };
    const acts = mayAct(page, member) ? actsOf(page, () => member, done) : () => nothing;
    const leaving = mayAct(page, member) ? leavingOf(page, () => member, done) : () => nothing;
    const content = () => html`
      ${STATUS.has(member.status) ? html`<p class="refused">${STATUS.get(member.status)}</p>` : nothing}
      <div class="columns">
        <div>${holdings(page, member)} ${level(page, member)} ${planOf(page, member, reread)} ${householdOf(page, lists.household, reread)} ${person(page, member)}</div>
        <div>${acts()} ${leaving()}</div>
      </div>
      ${recommendationsOf(page, lists.recommendations)}
      ${offersOf(page, lists.offers)}
      ${campaignsOf(page, lists.campaigns, reread)}
      ${challengesOf(page, lists.challenges, lists.badges)}
      ${referralOf(page, lists.referral)}
      ${activitiesOf(page, lists.activities)}
      ${history(page, lists.entries)}
      ${redeemed(page, lists.redemptions, reread)}
      ${lists.messages ? messages(page, lists.messages) : nothing}`;
    page.show(content, { title: member.profile.name || `Member ${id}` });
    await readLists(page, lists, where, member);
    page.redraw();
  },
};

/** @param {Page} page @param {any} member */
function mayAct(page, { status }) {
  return status === "active" && page.may("cashier", "manager");
}

/** Whether members of the program bring friends. @param {Page} page */
const refers = (page) => Boolean(page.inForce.document.referrals);

/** @param {Page} page @param {string} where */
function listsOf(page, where) {
  return {
    entries: page.api.list(`${where}/history`, { limit: 20 }),
    redemptions: page.api.list(`${where}/redemptions`, { limit: 10 }),
    /** @type {any} */
    messages: null,
    /** @type {import("../types").Schema<"CampaignOfMember">[]} */
    campaigns: [],
    /** @type {import("../types").Schema<"ChallengeOfMember">[]} */
    challenges: [],
    /** @type {import("../types").Schema<"OfferAnswer">[]} */
    offers: [],
    /** @type {import("../types").Schema<"BadgeAnswer">[]} */
    badges: [],
    /** @type {import("../types").Schema<"ActivityAnswer">[]} */
    activities: [],
    /** @type {import("../types").Schema<"RecommendationsAnswer"> | null} */
    recommendations: null,
    /** @type {import("../types").Schema<"ReferralOfMember"> | null} */
    referral: null,
    /** @type {import("../types").Schema<"HouseholdAnswer"> | null} */
    household: null,
  };
}

/**
 * Read all lists at once. Only active members have campaigns, offers, recommendations,
 * challenges and activities.
 * @param {Page} page @param {ReturnType<typeof listsOf>} lists @param {string} where
 * @param {any} member
 */
async function readLists(page, lists, where, member) {
  const isActive = member.status === "active";
  const canAct = mayAct(page, member);
  const [
    ,
    ,
    messages,
    campaigns,
    offers,
    recommendations,
    challenges,
    badges,
    activities,
    referral,
    household,
  ] = await Promise.all([
    readUntil(lists.entries, page.query.get("entry")),
    lists.redemptions.next(),
    page.api.get(`${where}/messages`, { limit: 10 }),
    canAct ? page.api.get(`${where}/campaigns`) : { items: [] },
    canAct ? page.api.get(`${where}/offers`) : { items: [] },
    // A till goes on without them.
    canAct ? page.api.get(`${where}/recommendations`).catch(() => null) : null,
    isActive ? page.api.get(`${where}/challenges`) : { items: [] },
    isActive ? page.api.get(`${where}/badges`) : { items: [] },
    isActive ? page.api.get(`${where}/activities`, { limit: 20 }) : { items: [] },
    isActive && refers(page) ? page.api.get(`${where}/referral`) : null,
    member.household ? page.api.get(`${where}/household`) : null,
  ]);
  Object.assign(lists, {
    messages,
    recommendations,
    referral,
    campaigns: campaigns.items,
    offers: offers.items,
    challenges: challenges.items,
    badges: badges.items,
    activities: activities.items,
    household,
  });
}
