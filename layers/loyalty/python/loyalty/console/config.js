// @ts-check
// What the page says to its scripts: where people sign in, and what there is to choose from.

/** @type {{ sign_in: any, groups_claim: string, actions: string[],
 *   reports: import("./report_menu.js").ReportGroup[] }} */
export const CONFIG = JSON.parse(document.getElementById("config")?.textContent ?? "{}");
