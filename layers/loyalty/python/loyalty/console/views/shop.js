// @ts-check
// One shop: whether it works, what to do there, its connection, and the erasures that it requested.

import { confirm } from "../forms.js";
import { connecting } from "../shop_forms.js";
import { html, nothing } from "../lit.js";
import { path } from "../api.js";
import { table } from "../table.js";

/** @typedef {import("../types").Page} Page */

/** @type {import("../types").View} */
export const view = {
  async open(page) {
    const [id] = page.params;
    const where = path`/storefronts/${id}`;
    const shop = await page.api.get(where);
    const state = {
      check: /** @type {any} */ (null),
      isChecking: true,
      erasures: /** @type {any[]} */ ([]),
    };
    const form = connecting(page, shop);
    page.show(() => content(page, where, shop, state, form), { title: `Shop ${id}` });
    const [checked, erasures] = await Promise.allSettled([
      page.api.request("POST", `${where}/check`),
      page.api.get(`${where}/erasures`, { limit: 50 }),
    ]);
    state.isChecking = false;
    if (checked.status === "fulfilled") state.check = checked.value.body;
    if (erasures.status === "fulfilled") state.erasures = erasures.value.items;
    page.redraw();
  },
};

/** @param {Page} page @param {string} where @param {any} shop @param {any} state @param {() => unknown} form */
function content(page, where, shop, { check, isChecking, erasures }, form) {
  const counts = Object.entries(shop.deliveries.by_status);
  return html`
    <dl class="facts">
      <dt>Platform</dt><dd>${shop.platform}</dd>
      <dt>Its name in orders</dt><dd>${shop.source}</dd>
      <dt>Webhooks go to</dt><dd><code>${new URL(shop.webhook_path.replace(/^\/v1\//, ""), new URL(".", location.href)).href}</code></dd>
      <dt>Last day</dt><dd>${counts.length ? counts.map(([status, count]) => `${count} ${status}`).join(", ") : "no deliveries"}</dd>
    </dl>
    <p><a href=${page.link("deliveries", shop.id)}>Deliveries</a></p>
    <section class="panel" aria-live="polite"><h2>Does it work?</h2>
      ${isChecking ? html`<p class="quiet">Asking the platform…</p>` : findings(check)}
    </section>
    ${erasures.length ? requested(page, where, erasures) : nothing}
    <details class="panel"><summary>Change the connection</summary>${form()}</details>
    <p class="actions"><button type="button" class="danger" @click=${() => disconnect(page, where, shop)}>Disconnect</button></p>`;
}

/** @param {any} check */
function findings(check) {
  if (!check)
    return html`<p>The check could not be made just now. Reload the page to try again.</p>`;
  if (!check.findings.length) return html`<p>It works: nothing was found.</p>`;
  return html`<ul>${check.findings.map(
    (/** @type {any} */ each) =>
      html`<li><span class="tag ${each.severity === "error" ? "bad" : ""}">${each.severity}</span>
        ${each.subject ? `${each.subject}: ` : ""}${each.step}</li>`,
  )}</ul>`;
}

/** @param {Page} page @param {string} where @param {any[]} erasures */
function requested(page, where, erasures) {
  const stop = async (/** @type {any} */ erasure) => {
    await page.attempt(
      () => page.api.request("POST", where + path`/erasures/${erasure.id}/stop`),
      "The erasure was stopped.",
    );
  };
  return table(erasures, {
    caption: "Erasures that the shop requested",
    hasCaption: true,
    empty: "",
    columns: [
      { label: "Requested", isHead: true, cell: (each) => page.format.instant(each.requested_at) },
      { label: "Customer", cell: (each) => each.customer_id ?? each.email ?? "–" },
      { label: "State", cell: (each) => html`<span class="tag">${each.state}</span>` },
      { label: "Begins", cell: (each) => page.format.instant(each.begins_at) },
      {
        label: "Stop",
        cell: (each) =>
          each.state === "waiting"
            ? html`<button type="button" @click=${() => stop(each)}>Stop</button>`
            : nothing,
      },
    ],
  });
}

/** @param {Page} page @param {string} where @param {any} shop */
async function disconnect(page, where, shop) {
  const isSure = await confirm({
    title: `Disconnect ${shop.id}?`,
    text: "Its webhooks are refused from then on, so orders that it sends no longer earn, and its secrets are deleted. What was earned stays.",
    action: "Disconnect",
    isDanger: true,
  });
  if (
    isSure &&
    (await page.attempt(() => page.api.request("DELETE", where), "The shop is disconnected."))
  )
    page.go(page.link("shops"));
}
