// @ts-check
// The names that the program in force gives to its rewards and levels.

/** @typedef {import("./types").Page} Page */

/** A reward of the program in force. @param {Page} page @param {string} id */
export function rewardOf(page, id) {
  return byId(page.inForce.document.rewards, id);
}

/** Its name, or the id of a reward that the program no longer has. @param {Page} page @param {string} id */
export function rewardName(page, id) {
  return rewardOf(page, id)?.name ?? id;
}

/** A level's name, or the id of one that the program no longer has. @param {Page} page @param {string} id */
export function levelName(page, id) {
  return byId(page.inForce.document.tiers?.levels, id)?.name ?? id;
}

/** @param {any[] | undefined} things @param {string} id */
const byId = (things, id) => things?.find((each) => each.id === id);
