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
        `Do not trust its figures: ${format.number(held)} of ${format.number(members + held)} members are held out, which is not as they were drawn. Were members imported or deleted?`,
      ];
    default:
      return [difference(result, format), ...cost(result, format)];
  }
}

/** @param {Result} result @param {Format} format */
function difference({ state, effect, uplift_minor, low_minor, high_minor }, format) {
  const more = uplift_minor < 0 ? "less" : "more";
  const amount = format.minor(Math.abs(Math.round(uplift_minor)));
  const range = `${format.minor(Math.round(low_minor))} to ${format.minor(Math.round(high_minor))}`;
  const proof =
    effect !== "not_proven"
      ? "That is proven."
      : state === "running"
        ? "That may still be chance: the longer it runs, the more is known."
        : "That may be chance.";
  return `Each member who can use it bought for ${amount} ${more} than those who cannot (${range}). ${proof}`;
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
