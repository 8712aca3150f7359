// @ts-check
// Every view of the console: where the menu has it, and which roles see it. The API decides what a
// role may do; this list only keeps people from doors that are closed to them.

/** @typedef {import("./types").ViewEntry} ViewEntry */

/** The menu's groups, in its order. */
export const GROUPS = /** @type {const} */ ([
  "Home",
  "Members",
  "Till",
  "Approvals",
  "Reviews",
  "Program",
  "Campaigns",
  "Shops",
  "Webhooks",
  "Goals",
  "Reports",
  "Exports",
  "Actions",
  "People",
]);

/** @type {ViewEntry[]} */
export const VIEWS = [
  { name: "home", group: "Home", title: "Home", roles: ["analyst", "cashier", "manager"] },
  { name: "search", group: "Members", title: "Find", roles: ["cashier", "manager"] },
  {
    name: "member",
    group: "Members",
    title: "Member",
    roles: ["analyst", "cashier", "manager"],
    isListed: false,
  },
  {
    name: "explain",
    group: "Members",
    title: "Why this balance?",
    roles: ["analyst", "cashier", "manager"],
    isListed: false,
  },
  {
    name: "order",
    group: "Members",
    title: "Order",
    roles: ["analyst", "cashier", "manager"],
    isListed: false,
  },
  { name: "till", group: "Till", title: "Till", roles: ["cashier"] },
  { name: "approvals", group: "Approvals", title: "Approvals", roles: ["manager"] },
  { name: "reviews", group: "Reviews", title: "Reviews", roles: ["manager"] },
  { name: "referrals", group: "Reviews", title: "Referrals", roles: ["manager"] },
  { name: "shops", group: "Shops", title: "Shops", roles: ["manager"] },
  { name: "shop", group: "Shops", title: "Shop", roles: ["manager"], isListed: false },
  { name: "deliveries", group: "Shops", title: "Deliveries", roles: ["manager"], isListed: false },
  { name: "endpoints", group: "Webhooks", title: "Webhooks", roles: ["manager"] },
  { name: "endpoint", group: "Webhooks", title: "Endpoint", roles: ["manager"], isListed: false },
  { name: "program", group: "Program", title: "Program", roles: ["manager"] },
  {
    name: "versions",
    group: "Program",
    title: "Versions",
    roles: ["manager", "analyst", "cashier"],
  },
  { name: "trials", group: "Program", title: "Trials", roles: ["manager"] },
  { name: "campaigns", group: "Campaigns", title: "Campaigns", roles: ["analyst", "manager"] },
  { name: "boards", group: "Campaigns", title: "Boards", roles: ["analyst", "manager"] },
  { name: "segments", group: "Campaigns", title: "Segments", roles: ["analyst", "manager"] },
  { name: "goals", group: "Goals", title: "Goals", roles: ["analyst", "manager"] },
  { name: "reports", group: "Reports", title: "Reports", roles: ["analyst", "manager"] },
  { name: "exports", group: "Exports", title: "Exports", roles: ["analyst", "manager"] },
  { name: "actions", group: "Actions", title: "Actions", roles: ["manager"] },
  { name: "people", group: "People", title: "People", roles: ["manager"] },
];
