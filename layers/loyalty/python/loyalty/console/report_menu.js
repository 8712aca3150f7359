// @ts-check
// The reports there are: which of them a person may read, and what each is about.

import { CONFIG } from "./config.js";

/** @typedef {import("./types").Page} Page */
/** @typedef {{ name: string, topic: string, isForManagers: boolean, hasSteps: boolean,
 *   countsDays: boolean, isOfSegments: boolean }} ListedReport */
/** @typedef {{ heading: string, reports: ListedReport[] }} ReportGroup */

/** The reports that the person may read. @param {Page} page @returns {ReportGroup[]} */
export function readable(page) {
  const isReadable = (/** @type {ListedReport} */ report) =>
    !report.isForManagers || page.may("manager");
  return CONFIG.reports
    .map((group) => ({ ...group, reports: group.reports.filter(isReadable) }))
    .filter((group) => group.reports.length);
}

/** The report of a name; undefined if there is none. @param {string} name */
export function listedReport(name) {
  const all = CONFIG.reports.flatMap(({ reports }) => reports);
  return all.find((report) => report.name === name);
}

/** What a report is about; undefined if there is none of this name. @param {string} name */
export const topicOf = (name) => listedReport(name)?.topic;
