// @ts-check
// What a campaign brought in, against members who were held out, in sentences.

/** @typedef {import("./format.js").Format} Format */
/** @typedef {{
 *   campaign_id: string | null, state: "running" | "ended", members: number, held_out: number,
 *   effect: "more" | "less" | "not_proven" | "too_few" | "wrong_split",
 *   uplift_minor: number, low_minor: number, high_minor: number,
 *   points: number, cost_minor: number | null, break_even: number | null,
 *   outcome: "pays" | "loses" | "not_proven" | null,
 * }} Result a row of the report */

const OUTCOMES = {
  pays: "It pays for itself.",
  loses: "It costs more than it brings in.",
  not_proven: "Whether it pays for itself is not proven.",
};

/** @param {Result} result @param {Format} format @returns {string[]} */
export function resultWords(result, format) {
  const { members, held_out: held } = result;
  switch (result.effect) {
    case "too_few":
      return [
        `There are too few members to say what it brings in: ${format.number(members)} can use it and ${format.number(held)} are held out. It takes 100 of each.`,
      ];
    case "wrong_split":
      return [
        `Do not trust its figures: ${format.number(held)} of ${format.number(members + held)} members are held out, which is not the share that was drawn. Were members imported or deleted?`,
      ];
    default:
      return [difference(result, format), ...cost(result, format)];
  }
}

/** @param {Result} result @param {Format} format */
function difference({ state, effect, uplift_minor, low_minor, high_minor }, format) {
  const more = uplift_minor < 0 ? "less" : "more";
  const amount = moneyOf(uplift_minor, format);
  const proof =
    effect !== "not_proven"
      ? "That is proven."
      : state === "running"
        ? "That may still be chance: the longer it runs, the surer the answer."
        : "That may be chance.";
  return `Members who can use it bought for ${amount} ${more} on average than members who are held out. The true difference is very likely between ${range(low_minor, high_minor, format)}. ${proof}`;
}

/** "€0.30 and €3.30 more", "€0.10 less and €2.51 more".
 * @param {number} low @param {number} high @param {Format} format */
function range(low, high, format) {
  const [least, most] = [moneyOf(low, format), moneyOf(high, format)];
  if (low >= 0) return `${least} and ${most} more`;
  return high <= 0 ? `${most} and ${least} less` : `${least} less and ${most} more`;
}

/** An amount without its sign. @param {number} minor @param {Format} format */
function moneyOf(minor, format) {
  return format.minor(Math.abs(Math.round(minor)));
}

/** @param {Result} result @param {Format} format */
function cost({ effect, points, cost_minor, break_even, outcome }, format) {
  const worth = cost_minor === null ? "" : `, worth ${format.minor(cost_minor)} at most`;
  const needed =
    break_even === null || effect === "less"
      ? ""
      : ` That is earned back at a margin of ${format.percent(break_even)} or more.`;
  const sentence = `It gave them ${format.points(points)}${worth}.${needed}`;
  return [outcome === null ? sentence : `${sentence} ${OUTCOMES[outcome]}`];
}
