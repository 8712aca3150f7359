// @ts-check
// Tables and lists. On a narrow screen each row becomes a block, so that nothing scrolls sideways.

import { html, nothing } from "./lit.js";

/** @typedef {import("./types").Content} Content */
/** @typedef {import("./types").Page} Page */
/**
 * @template Row
 * @typedef {object} Column
 * @property {string} label
 * @property {(row: Row) => Content} cell
 * @property {boolean} [isFigure] aligned to the right
 * @property {boolean} [isHead] names the row
 */
/**
 * @template Row
 * @typedef {object} TableOptions
 * @property {string} caption what the table shows; only read out unless `hasCaption`
 * @property {boolean} [hasCaption]
 * @property {Column<Row>[]} columns
 * @property {string} empty what is said instead of an empty table
 */

/**
 * A table of rows. The roles are explicit, because a block has none.
 * @template Row
 * @param {Row[]} rows @param {TableOptions<Row>} options
 */
export function table(rows, { caption, hasCaption = false, columns, empty }) {
  if (!rows.length && hasCaption)
    return html`<p class="caption">${caption}</p><p class="quiet">${empty}</p>`;
  if (!rows.length) return html`<p class="nothing">${empty}</p>`;
  const cell = (
    /** @type {Row} */ row,
    /** @type {Column<Row>} */ { label, cell: content, isFigure, isHead },
  ) =>
    isHead
      ? html`<th scope="row" role="rowheader" data-label=${label}><span>${content(row)}</span></th>`
      : html`<td role="cell" class=${isFigure ? "figure" : nothing} data-label=${label}><span>${content(row)}</span></td>`;
  return html`<table class="list" role="table">
    <caption class=${hasCaption ? "shown" : nothing}>${caption}</caption>
    <thead role="rowgroup">
      <tr role="row">
        ${columns.map(({ label, isFigure }) => html`<th scope="col" role="columnheader" class=${isFigure ? "figure" : nothing}>${label}</th>`)}
      </tr>
    </thead>
    <tbody role="rowgroup">
      ${rows.map((row) => html`<tr role="row">${columns.map((column) => cell(row, column))}</tr>`)}
    </tbody>
  </table>`;
}

/**
 * A list of the API as a table, with a button for more.
 * @param {Page} page @param {import("./api.js").CursorList} list @param {TableOptions<any>} options
 */
export function listed(page, list, options) {
  const more = async () => {
    const reading = list.next();
    page.redraw();
    await reading.catch((error) => page.fail(error));
    page.redraw();
  };
  const isBegun = list.cursor !== undefined;
  return html`<div class="listed" aria-busy=${list.reading ? "true" : nothing}>
    ${table(list.items, isBegun ? options : { ...options, empty: "Reading…" })}
    ${isBegun && list.hasMore ? html`<p class="actions"><button type="button" ?disabled=${list.reading !== null} @click=${more}>Show more</button></p>` : nothing}
    <p class="quiet" role="status">${isBegun && list.reading ? "Reading more…" : list.items.length > 1 && !list.hasMore ? `All ${list.items.length} are shown.` : nothing}</p>
  </div>`;
}
