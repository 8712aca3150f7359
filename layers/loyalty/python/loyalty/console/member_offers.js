// @ts-check
// A member's offers: why they were made, and whether an order used them.

import { nothing } from "./lit.js";
import { levelName } from "./names.js";
import { table } from "./table.js";

/** @typedef {import("./types").Page} Page */
/** @typedef {import("./types").Schema<"OfferAnswer">} Offer */

/** @param {Page} page @param {Offer[]} offers */
export function offersOf(page, offers) {
  if (!offers.length) return nothing;
  return table(offers, {
    caption: "Offers",
    hasCaption: true,
    empty: "",
    columns: [
      { label: "Campaign", isHead: true, cell: (each) => each.name },
      { label: "Until", cell: (each) => page.format.day(each.until) },
      { label: "State", cell: (each) => stateOf(page, each) },
      { label: "Why", cell: (each) => why(page, each.because) },
    ],
  });
}

/** @param {Page} page @param {Offer} offer */
function stateOf({ format }, { state, orders, points }) {
  if (state !== "used") return state;
  return `used by ${format.number(orders)} ${orders === 1 ? "order" : "orders"}, ${format.points(points)}`;
}

/** @param {Page} page @param {Offer["because"]} because */
function why(page, because) {
  switch (because.kind) {
    case "you_bought":
      return `goes with ${because.thing.id}, which they bought`;
    case "been_away":
      return `no order for ${page.format.number(because.days)} days`;
    case "popular_here":
      return because.level
        ? `popular at the level ${levelName(page, because.level)}`
        : "popular here";
    case "in_turn":
      return "by the order of the document";
    case "by_lot":
      return "drawn by lot";
  }
}
