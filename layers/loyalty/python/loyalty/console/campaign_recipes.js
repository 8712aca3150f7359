// @ts-check
// Campaigns to begin with, fitted to a program: those of the documentation.

import { newId } from "./schema_values.js";

/** @typedef {import("./types").Page} Page */
/** @typedef {{ title: string, wish: string, campaign: any }} Recipe */

/** @param {Page} page @returns {Promise<Recipe[]>} */
export async function readRecipes(page) {
  const answer = await fetch(new URL("./campaign_recipes.json", import.meta.url), {
    signal: page.signal,
  });
  return answer.json();
}

/** A document with one more campaign, and the campaign's place. A recipe's levels become the
 * program's highest one, because the levels of the documentation's example are not its own.
 * @param {any} document @param {any} campaign @param {number} [index] where it is put; last */
export function withCampaign(document, campaign, index) {
  const campaigns = document.campaigns ?? [];
  const place = index ?? campaigns.length;
  const ids = [...campaigns, ...(document.earning_rules ?? [])];
  const id = ids.some((each) => each.id === campaign.id) ? newId(ids, campaign.id) : campaign.id;
  const added = fitted({ ...campaign, id }, document);
  return {
    pointer: `/campaigns/${place}`,
    document: {
      ...document,
      campaigns: [...campaigns.slice(0, place), added, ...campaigns.slice(place)],
    },
  };
}

/** @param {any} part @param {any} document @returns {any} */
function fitted(part, document) {
  if (Array.isArray(part)) return part.map((each) => fitted(each, document));
  if (typeof part !== "object" || part === null) return part;
  if (part.fact === "tier") return { ...part, is_in: knownLevels(part.is_in, document) };
  return Object.fromEntries(
    Object.entries(part).map(([name, value]) => [name, fitted(value, document)]),
  );
}

/** @param {string[]} named @param {any} document */
function knownLevels(named, document) {
  /** @type {string[]} */
  const levels = (document.tiers?.levels ?? []).map((/** @type {any} */ each) => each.id);
  const known = named.filter((id) => levels.includes(id));
  return known.length || !levels.length ? (known.length ? known : named) : levels.slice(-1);
}
