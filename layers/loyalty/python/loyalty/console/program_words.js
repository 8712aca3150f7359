// @ts-check
// What the schema of the program document does not say: groups of settings, plain names of values,
// which names refer to something else in the document, and what a new thing begins with.

import { effectWords, windowWords } from "./campaign_words.js";
import { formatOf, isMoney, momentIn, moneyOf } from "./program_figures.js";
import { CHOICES, HINTS, LABELS, THINGS } from "./program_labels.js";

/** @typedef {import("./form_words").FormWords} FormWords */
/** @typedef {import("./format.js").Format} Format */

const SECTIONS = [
  {
    title: "Basics",
    fields: ["name", "points", "time_zone", "currency", "point_value", "economics"],
  },
  { title: "Earning", fields: ["earning_rules", "pending_days"] },
  {
    title: "Campaigns",
    fields: [
      "campaigns",
      "campaign_groups",
      "campaign_points_per_order_max",
      "universal_holdout",
      "offers",
      "lists",
    ],
  },
  { title: "Segments", fields: ["segments"] },
  { title: "Expiry", fields: ["expiry", "expiry_by_source", "inactivity"] },
  { title: "Levels", fields: ["tiers"] },
  {
    title: "Rewards",
    fields: [
      "rewards",
      "hold_minutes",
      "late_redemption_minutes",
      "reinstate_days",
      "reinstate_vouchers",
    ],
  },
  { title: "Refunds and guests", fields: ["clawback", "claim_days"] },
  { title: "Presents and gifts", fields: ["presents", "transfers", "households", "adjustments"] },
  { title: "Messages", fields: ["reminders", "messages"] },
  { title: "Surveys", fields: ["surveys"] },
  { title: "Goals", fields: ["goals"] },
];

const LEVELS = new Set([
  "Reward.tiers",
  "RuleConditions.tiers",
  "Reward.tier_costs",
  "TierCondition.is_in",
]);

// What stands before "more settings" in any case.
const FIRST = { Campaign: ["when", "if", "lines", "limits"] };

const LEVEL = { name: "New level", reached_at: 20_000 };
const STARTS = {
  AfterEarningExpiry: { months: 12 },
  AnniversaryPresent: { bonus_points: 50 },
  Campaign: { name: "New campaign", effect: { kind: "multiply", percent: 200 } },
  CampaignGroup: {},
  DailyHours: { from: "09:00", until: "12:00" },
  EarningRule: { points: 1, per_minor: 100 },
  EffectStep: { at_least_minor: 5_000, points: 100 },
  FixedDateExpiry: { month: 12, day: 31 },
  FixedEffect: { points: 100 },
  Goal: { name: "New goal", column: "members", target: 1_000 },
  HoldsMonths: { months: 12 },
  Inactivity: { months: 12 },
  MailButton: { label: "Open" },
  MessageTemplate: {
    kind: "welcome",
    subject: "Welcome to {{ program }}",
    body: "Hello{% if name %} {{ name }}{% endif %},\n\nIt is lovely to have you.",
  },
  MultiplyEffect: { percent: 200 },
  PointsWords: { one: "point", many: "points" },
  ProgramSurvey: { kind: "csat", question: "How happy were you with your order?" },
  Reward: { name: "New reward", kind: "free_product", cost_points: 100 },
  RewardWords: { name: "New name" },
  Segment: { name: "New segment", who: { fact: "days_since_order", at_least: 60 } },
  SignUpPresent: { bonus_points: 50 },
  TierLevel: LEVEL,
  Tiers: { basis: "spend", period: "calendar_year", levels: [{ id: "level-1", ...LEVEL }] },
  Transfers: { points_max: 500 },
};

/** Words of the program document. @param {Format} fallback how figures are written while the
 * document's own currency is none @returns {FormWords} */
export function programWords(fallback) {
  return {
    sections: SECTIONS,
    hidden: new Set(["$schema", "schema_version"]),
    starts: STARTS,
    first: FIRST,
    label: (field) => byField(LABELS, field) ?? humanized(nameOf(field)),
    hint: (field) => HINTS[field],
    choice: (value) => CHOICES[value] ?? humanized(String(value)),
    thing: (field) => byField(THINGS, field) ?? "Entry",
    names: namesFor,
    money: (field, document) => (isMoney(field, document) ? moneyOf(document, fallback) : null),
    moment: (document, shown) => momentIn(document, shown),
    summary: (kind, value, document) => summaryOf(kind, value, document, fallback),
  };
}

/** @param {string} field */
const nameOf = (field) => field.slice(field.lastIndexOf(".") + 1);

/** @param {Record<string, string>} words @param {string} field */
const byField = (words, field) => words[field] ?? words[nameOf(field)];

/** "claim_days" as "Claim days". @param {string} name */
export function humanized(name) {
  const words = name
    .replace(/_minor(?=_|$)/, "")
    .replaceAll("_", " ")
    .replace(/\btier/g, "level");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** What a field can refer to. @param {string} field @param {any} document @returns {[string, string][] | null} */
function namesFor(field, document) {
  const named = (/** @type {any} */ things) =>
    (Array.isArray(things) ? things : [])
      .filter((thing) => typeof thing?.id === "string")
      .map((thing) => /** @type {[string, string]} */ ([thing.id, String(thing.name ?? thing.id)]));
  if (LEVELS.has(field)) return named(document.tiers?.levels);
  if (field === "SegmentCondition.is_in") return named(document.segments);
  if (field === "AnniversaryPresent.reward_id") return named(document.rewards);
  if (field === "Campaign.group") return named(document.campaign_groups);
  return null;
}

/** An entry of a list in a line. @param {string} kind its definition, or what its variant is called
 * @param {any} value @param {any} document @param {Format} fallback */
function summaryOf(kind, value, document, fallback) {
  const format = formatOf(document, fallback);
  const { one = "point", many = "points" } = document.points ?? {};
  const points = (/** @type {any} */ count) =>
    typeof count === "number" ? `${format.number(count)} ${count === 1 ? one : many}` : "";
  if (typeof value !== "object" || value === null) return { name: String(value), notes: [] };
  const name = String(value.name || value.question || value.id || kind);
  switch (kind) {
    case "Reward": {
      const cost = value.offered === false ? "given only" : points(value.cost_points);
      return { name, notes: [humanized(String(value.kind)), cost, limits(value, format)] };
    }
    case "Campaign":
      return {
        name,
        notes: [effectWords(value.effect, format, points), windowWords(value.when, format)],
      };
    case "EarningRule":
      return { name, notes: [`${points(value.points)} for ${format.minor(value.per_minor)}`] };
    case "TierLevel": {
      const from = isMoney("TierLevel.reached_at", document)
        ? format.minor(value.reached_at)
        : format.number(value.reached_at);
      return { name, notes: [value.reached_at === null ? "only given" : `from ${from}`] };
    }
    case "MessageTemplate":
      return {
        name: `${humanized(String(value.kind))}${value.locale ? ` (${value.locale})` : ""}`,
        notes: [String(value.subject ?? "")],
      };
    case "ProgramSurvey":
      return { name, notes: [CHOICES[value.kind] ?? ""] };
    default:
      return { name, notes: [] };
  }
}

/** How many there are of a reward, and when. @param {any} reward @param {Format} format */
function limits({ stock, available_from: from, available_until: until, opens }, format) {
  const parts = [
    typeof stock === "number" ? `stock of ${format.number(stock)}` : "",
    opens?.length ? "opens in steps" : "",
    period(from, until, format),
  ];
  return parts.filter(Boolean).join(", ");
}

/** "from 1 Dec 2026 until 31 Dec 2026" @param {any} from @param {any} until @param {Format} format */
function period(from, until, format) {
  const moment = (/** @type {any} */ each) => {
    if (typeof each !== "string" || Number.isNaN(Date.parse(each))) return String(each);
    return each.includes("T") ? format.instant(each) : format.day(each);
  };
  return [from ? `from ${moment(from)}` : "", until ? `until ${moment(until)}` : ""]
    .filter(Boolean)
    .join(" ");
}
