// @ts-check
// The names that a program's rules and campaigns use, to be chosen from.

/** @typedef {{ categories: string[], skus: string[], channels: string[], codes: string[],
 *   locations: string[], sources: string[], tenders: string[], brands: string[], tags: string[] }} Names */
/** @typedef {Names & { levels: [string, string][], joinable: [string, string][], offerable: [string, string][] }} ProgramNames */

const FIELDS = /** @type {Record<string, keyof Names>} */ ({
  categories: "categories",
  not_categories: "categories",
  include_categories: "categories",
  exclude_categories: "categories",
  skus: "skus",
  not_skus: "skus",
  include_skus: "skus",
  exclude_skus: "skus",
  tenders: "tenders",
  brands: "brands",
  tags: "tags",
});
const FACTS = /** @type {Record<string, keyof Names>} */ ({
  channel: "channels",
  code: "codes",
  location: "locations",
  source: "sources",
  tender: "tenders",
});

/** @param {any} document @returns {ProgramNames} */
export function namesIn(document) {
  /** @type {Record<string, Set<string>>} */
  const found = {};
  const take = (/** @type {string} */ kind, /** @type {unknown} */ values) => {
    for (const value of Array.isArray(values) ? values : []) {
      if (typeof value === "string") (found[kind] ??= new Set()).add(value);
    }
  };
  const visit = (/** @type {any} */ part) => {
    if (typeof part !== "object" || part === null) return;
    take(FACTS[part.fact], part.is_in);
    for (const [name, value] of Object.entries(part)) {
      if (FIELDS[name]) take(FIELDS[name], value);
      visit(value);
    }
  };
  visit(document.earning_rules);
  visit(document.campaigns);
  for (const list of Object.values(document.lists ?? {})) take("skus", list);
  const of = (/** @type {keyof Names} */ kind) => [...(found[kind] ?? [])].sort();
  return {
    categories: of("categories"),
    skus: of("skus"),
    channels: of("channels"),
    codes: of("codes"),
    locations: of("locations"),
    sources: of("sources"),
    tenders: of("tenders"),
    brands: of("brands"),
    tags: of("tags"),
    levels: named(document.tiers?.levels),
    joinable: named(document.campaigns, ({ activation }) => activation === "join"),
    offerable: named(document.campaigns, ({ activation }) => activation === "offer"),
  };
}

/** Things with an id and a name. @param {any} things @param {(thing: any) => boolean} [isMeant]
 * @returns {[string, string][]} */
function named(things, isMeant = () => true) {
  return (Array.isArray(things) ? things : [])
    .filter((thing) => typeof thing?.id === "string" && isMeant(thing))
    .map((thing) => [thing.id, String(thing.name ?? thing.id)]);
}
