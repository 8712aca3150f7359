// @ts-check
// The names of rewards and levels in the program in force, and of people.

/** @typedef {import("./types").Page} Page */

/** A reward of the program in force. @param {Page} page @param {string} id */
export function rewardOf(page, id) {
  return byId(page.inForce.document.rewards, id);
}

/** Its name, or the id of a reward that the program no longer has. @param {Page} page @param {string} id */
export function rewardName(page, id) {
  return nameIn(page.inForce.document.rewards, id);
}

/** A level's name, or the id of one that the program no longer has. @param {Page} page @param {string} id */
export function levelName(page, id) {
  return nameIn(page.inForce.document.tiers?.levels, id);
}

/** The name of one of these things, or the id of one that is not among them.
 * @param {any[] | undefined} things @param {string} id @returns {string} */
export function nameIn(things, id) {
  return byId(things, id)?.name ?? id;
}

/** What a person is called; their subject if nothing is known of them.
 * @param {Page} page @param {string} subject @param {string | null | undefined} name */
export function personName(page, subject, name) {
  return subject === page.subject ? "you" : (name ?? subject);
}

/** @param {any[] | undefined} things @param {string} id */
const byId = (things, id) => things?.find((each) => each.id === id);
