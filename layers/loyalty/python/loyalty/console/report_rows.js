// @ts-check
// A report's rows by the names of its columns.

/** @param {import("./types").Page} page @param {string} name
 * @param {{ from: string, to: string }} period days, both included @returns {Promise<any[]>} */
export async function readRows(page, name, period) {
  const { columns, rows } = await page.api.get(`/reports/${name}`, { ...period, by: "month" });
  const names = columns.map((/** @type {any} */ column) => column.name);
  return rows.map((/** @type {any[]} */ row) =>
    Object.fromEntries(
      names.map((/** @type {string} */ each, /** @type {number} */ place) => [each, row[place]]),
    ),
  );
}
