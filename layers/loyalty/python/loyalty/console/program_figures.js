// @ts-check
// Money and moments in a program document, as people type them.

import { Format } from "./format.js";
import { instantAt, wallTime } from "./moments.js";

/** Whether a field is an amount in minor units. @param {string} field `Reward.amount_minor`
 * @param {any} document */
export function isMoney(field, document) {
  if (field === "TierLevel.reached_at" || field === "TierLevel.keeps_at")
    return document.tiers?.basis === "spend";
  return /(^|_)minor(_|$)/.test(field.slice(field.lastIndexOf(".") + 1));
}

/** How figures of a document are written. @param {any} document @param {Format} fallback */
export function formatOf(document, fallback) {
  if (document.currency === fallback.currency) return fallback;
  try {
    return new Format(document);
  } catch {
    // While somebody types, the currency is none.
    return fallback;
  }
}

/** How amounts are typed. @param {any} document @param {Format} fallback */
export function moneyOf(document, fallback) {
  const format = formatOf(document, fallback);
  return {
    currency: format.currency,
    written: (/** @type {number} */ minor) => (minor / 10 ** format.digits).toFixed(format.digits),
    minorOf: (/** @type {string} */ text) => format.minorOf(text),
  };
}

/** How a moment is typed: as the clocks of the program show it. @param {any} document @param {any} shown */
export function momentIn({ time_zone: zone }, shown) {
  const isMoment = typeof shown === "string" && !Number.isNaN(Date.parse(shown));
  try {
    if (isMoment) wallTime(shown, zone);
  } catch {
    return null;
  }
  if (shown && !isMoment) return null;
  return {
    type: "datetime-local",
    unit: `in ${zone}`,
    write: (/** @type {any} */ value) => (value ? wallTime(value, zone) : ""),
    read: (/** @type {string} */ typed) =>
      Number.isNaN(Date.parse(`${typed}Z`)) ? typed : instantAt(typed, zone),
  };
}
