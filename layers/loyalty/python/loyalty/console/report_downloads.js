// @ts-check
// Buttons that save a report: as CSV, as Parquet, as a page to keep, on paper.

import { Problem, path } from "./api.js";
import { isUnderWay } from "./jobs.js";
import { element } from "./report_elements.js";
import { saveFile } from "./saving.js";

/** @typedef {import("./types").Page} Page */
/** @typedef {{ report: string, from: string, to: string, by: string, within_days: string,
 *   segment?: string }} Period */

const LOOK_AGAIN_MS = 1_500;

/** Buttons, because links would not do: a browser sends no token with a link.
 * @param {Page} page @param {Period} period */
export function downloads(page, period) {
  const button = (/** @type {string} */ text, /** @type {() => unknown} */ act) => {
    const made = element("button", { type: "button" }, text);
    made.addEventListener("click", act);
    return made;
  };
  const answer = (/** @type {string} */ accept, /** @type {string} */ ending) => () =>
    saveAnswer(page, period, { accept, ending });
  const parquet = button("Parquet", async () => {
    parquet.disabled = true;
    await saveExport(page, period);
    parquet.disabled = false;
  });
  return element(
    "p",
    { class: "keep" },
    button("CSV", answer("text/csv", "csv")),
    parquet,
    button("Page to keep", answer("text/html", "html")),
    button("Print", () => window.print()),
    element("a", { href: page.link("exports") }, "Exports: larger files, and facts"),
  );
}

/** @param {Page} page @param {Period} period @param {{ accept: string, ending: string }} form */
async function saveAnswer(page, { report, ...query }, { accept, ending }) {
  try {
    const where = path`/reports/${report}`;
    const { body } = await page.api.request("GET", where, { query, accept });
    saveFile(body, `${report}_${query.from}_${query.to}.${ending}`);
  } catch (error) {
    page.fail(error);
  }
}

/** Request a Parquet file, wait until it is made, and save it. It stays among the exports.
 * @param {Page} page @param {Period} period */
function saveExport(page, { within_days: days, ...period }) {
  const body = { ...period, within_days: Number(days), format: "parquet" };
  const key = crypto.randomUUID();
  page.announce("The file is being made.");
  return page.attempt(async () => {
    let { body: made } = await page.api.request("POST", "/reports/exports", { body, key });
    while (isUnderWay(made)) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
      made = await page.api.get(path`/reports/exports/${made.id}`);
    }
    if (!made.download) throw new Problem(409, made.reason);
    Object.assign(document.createElement("a"), { href: made.download.url, download: "" }).click();
  }, "The file was made.");
}
