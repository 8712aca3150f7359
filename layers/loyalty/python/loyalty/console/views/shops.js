// @ts-check
// Shops: the connected storefronts, and connecting one step by step.

import { connecting } from "../shop_forms.js";
import { html } from "../lit.js";
import { table } from "../table.js";

/** @typedef {import("../types").Page} Page */

/** @type {import("../types").View} */
export const view = {
  async open(page) {
    /** @type {any[] | null} */
    let items = null;
    const form = connecting(page, null);
    page.show(
      () => html`
        ${table(items ?? [], {
          caption: "Connected shops",
          empty: items ? "No shop is connected yet." : "Reading…",
          columns: [
            {
              label: "Shop",
              isHead: true,
              cell: (/** @type {any} */ each) =>
                html`<a href=${page.link("shop", each.id)}>${each.id}</a>`,
            },
            { label: "Platform", cell: (/** @type {any} */ each) => each.platform },
            { label: "Its name in orders", cell: (/** @type {any} */ each) => each.source },
            {
              label: "Connected",
              cell: (/** @type {any} */ each) => page.format.instant(each.connected_at),
            },
            {
              label: "Deliveries",
              cell: (/** @type {any} */ each) =>
                html`<a href=${page.link("deliveries", each.id)}>Deliveries of ${each.id}</a>`,
            },
          ],
        })}
        <section class="panel"><h2>Connect a shop</h2>${form()}</section>`,
      { title: "Shops" },
    );
    ({ items } = await page.api.get("/storefronts"));
    page.redraw();
  },
};
