// @ts-check
// What a basket that is typed in says: an order, who buys, and what comes back.

import { instantAt } from "./moments.js";
import { countIn, fieldOf } from "./basket_rows.js";

/** @typedef {import("./forms.js").Values} Values */
/** @typedef {{ minorOf: (text: string) => number | null, currency: string, timeZone: string }} Units */
/** The campaigns that members join, and those that are offered: their ids and names.
 * @typedef {Record<"joined" | "offered", [string, string][]>} Gated */

export const LINES = "order/lines";
export const CODES = "order/codes";
export const TENDERS = "order/tenders";
export const LINES_MAX = 20;
export const CODES_MAX = 10;
export const TENDERS_MAX = 10;

/** The request of a quote, but for the document. @param {Values} values @param {Units} units
 * @param {Gated} gated */
export function basketBody(values, units, gated) {
  const text = (/** @type {string} */ name) => String(values[name] ?? "").trim();
  const lines = linesIn(values, units);
  const paid = lines.reduce((sum, { amount }) => sum + amount.amount, 0);
  return {
    order: {
      occurred_at: instantAt(text("order/occurred_at"), units.timeZone),
      channel: text("order/channel") || null,
      location: text("order/location") || null,
      codes: rows(values, CODES, CODES_MAX)
        .map((row) => row(""))
        .filter(Boolean),
      tenders: tendersIn(values, units, paid),
      ...(text("order/source") ? { source: text("order/source") } : {}),
      lines,
    },
    member: customer(values, gated),
    refund: refundIn(values, units),
  };
}

/** @param {Values} values @param {Units} units */
function linesIn(values, { currency, minorOf }) {
  return rows(values, LINES, LINES_MAX).map((row, index) => ({
    line_id: String(index + 1),
    amount: { amount: minorOf(row("amount")) ?? 0, currency },
    quantity: Number(row("quantity")),
    category: row("category") || null,
    sku: row("sku") || null,
    brand: row("brand") || null,
    tags: [row("tags")].filter(Boolean),
  }));
}

/** What each means of payment paid: the first without an amount paid the rest.
 * @param {Values} values @param {Units} units @param {number} paid in minor units */
function tendersIn(values, { currency, minorOf }, paid) {
  const named = rows(values, TENDERS, TENDERS_MAX)
    .map((row) => ({ kind: row("kind"), amount: row("amount") }))
    .filter(({ kind }) => kind);
  const given = named.reduce((sum, { amount }) => sum + (minorOf(amount) ?? 0), 0);
  let rest = Math.max(0, paid - given);
  return named.map(({ kind, amount }) => {
    const minor = amount ? (minorOf(amount) ?? 0) : rest;
    if (!amount) rest = 0;
    return { kind, amount: { amount: minor, currency } };
  });
}

/** @param {Values} values @param {Gated} gated */
function customer(values, gated) {
  const who = values.who;
  if (who === "guest") return null;
  const ticked = (/** @type {"joined" | "offered"} */ how) =>
    gated[how].map(([id]) => id).filter((id) => values[`${how}/${id}`] === true);
  const takesPart = { joined: ticked("joined"), offered: ticked("offered") };
  const tier = values["member/tier"] || null;
  if (who === "new") return { tier, ...takesPart };
  return {
    orders: Number(values["member/orders"]),
    last_ordered_on: values["member/last_ordered_on"],
    enrolled_on: values["member/enrolled_on"],
    tier,
    ...takesPart,
  };
}

/** @param {Values} values @param {Units} units */
function refundIn(values, { currency, minorOf }) {
  switch (values.back) {
    case "all":
      return { whole: true };
    case "amount":
      return { amount: { amount: minorOf(String(values["refund/amount"] ?? "")) ?? 0, currency } };
    case "units": {
      const lines = rows(values, LINES, LINES_MAX)
        .map((row, index) => ({ line_id: String(index + 1), quantity: Number(row("back")) }))
        .filter(({ quantity }) => quantity);
      return lines.length ? { lines } : null;
    }
    default:
      return null;
  }
}

/** Each row as what stands in its fields. @param {Values} values @param {string} at
 * @param {number} most @returns {((name: string) => string)[]} */
function rows(values, at, most) {
  return Array.from(
    { length: countIn(values, at, most) },
    (_, index) => (name) => String(values[fieldOf(at, index, name)] ?? "").trim(),
  );
}
