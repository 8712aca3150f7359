// @ts-check
// Every view of the console: where the menu has it, and which roles see it. The API decides what a
// role may do; this list only keeps people from doors that are closed to them.

/** @typedef {import("./types").ViewEntry} ViewEntry */

/** The menu's groups, in its order. */
export const GROUPS = /** @type {const} */ ([
  "Home",
  "Members",
  "Till",
  "Program",
  "Campaigns",
  "Shops",
  "Webhooks",
  "Reports",
  "Exports",
  "Actions",
  "People",
]);

/** @type {ViewEntry[]} */
export const VIEWS = [
  { name: "home", group: "Home", title: "Home", roles: ["analyst", "cashier", "manager"] },
  { name: "reports", group: "Reports", title: "Reports", roles: ["analyst", "manager"] },
];
