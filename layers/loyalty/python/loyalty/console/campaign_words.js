// @ts-check
// A campaign in a few words: when it runs, and what it gives.

/** @typedef {import("./format.js").Format} Format */
/** @typedef {(count: any) => string} PointsInWords */

const WEEK = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/** When it runs: "1 Dec 2026 to 31 Dec 2026, Tuesdays, 16:00 to 18:00".
 * @param {any} when @param {Format} format */
export function windowWords(when, format) {
  const { starts_on: first, ends_on: last, weekdays = [], hours = [] } = when ?? {};
  const dates = first
    ? last
      ? `${format.day(first)} to ${format.day(last)}`
      : `from ${format.day(first)} on`
    : last
      ? `until ${format.day(last)}`
      : "";
  const clock = hours
    .map((/** @type {any} */ { from, until }) => `${from} to ${until}`)
    .join(" and ");
  return [dates, weekdayWords(weekdays), clock].filter(Boolean).join(", ") || "always";
}

/** Days of the week: "Tuesdays", "Monday to Friday". @param {string[]} days */
function weekdayWords(days) {
  const places = WEEK.flatMap((day, place) => (days.includes(day) ? [place] : []));
  const [first] = places;
  const isRow = places.every((place, index) => place === first + index);
  return places.length > 2 && isRow
    ? `${DAYS[first]} to ${DAYS[places[places.length - 1]]}`
    : places.map((place) => `${DAYS[place]}s`).join(", ");
}

/** What it gives: "2 × the earning rules", "150 beans".
 * @param {any} effect @param {Format} format @param {PointsInWords} points */
export function effectWords(effect, format, points) {
  switch (effect?.kind) {
    case "multiply":
      return `${format.number(effect.percent / 100)} times the earning rules`;
    case "rate":
      return `${points(effect.points)} for ${format.minor(effect.per_minor)}`;
    case "fixed":
      return points(effect.points);
    case "per_unit":
      return effect.every > 1
        ? `${points(effect.points)} for ${format.number(effect.every)} units`
        : `${points(effect.points)} for a unit`;
    case "steps": {
      const steps = Array.isArray(effect.steps) ? effect.steps : [];
      const step = (/** @type {any} */ { at_least_minor: least, points: count }) =>
        `${points(count)} from ${format.minor(least)}`;
      return steps.map(step).join(", ");
    }
    default:
      return "";
  }
}
