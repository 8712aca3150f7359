// @ts-check
// Webhooks: the merchant's own endpoints that get events, and registering one.

import { Form } from "../forms.js";
import { html, nothing } from "../lit.js";
import { path } from "../api.js";
import { table } from "../table.js";

/** @typedef {import("../types").Page} Page */

/** @type {import("../types").View} */
export const view = {
  async open(page) {
    /** @type {any[] | null} */
    let items = null;
    /** @type {{ id: string, secret: string } | null} */
    let made = null;
    const form = new Form(page, "endpoint", {
      body: ({ id, url, events, description }) => ({
        id,
        url,
        events: String(events)
          .split(/[\s,]+/)
          .filter(Boolean),
        ...(description && { description }),
      }),
      act: async ({ id, ...body }) =>
        (await page.api.request("PUT", path`/endpoints/${id}`, { body, isNew: true })).body,
      done: async (endpoint) => {
        made = endpoint;
        items?.push(endpoint);
        page.announce("The endpoint is registered.");
      },
      values: { events: "*" },
    });
    page.show(
      () => html`
        ${table(items ?? [], {
          caption: "Endpoints",
          empty: items ? "No endpoint is registered, so no events are sent." : "Reading…",
          columns: [
            {
              label: "Endpoint",
              isHead: true,
              cell: (/** @type {any} */ each) =>
                html`<a href=${page.link("endpoint", each.id)}>${each.id}</a>`,
            },
            { label: "Address", cell: (/** @type {any} */ each) => each.url },
            {
              label: "Events",
              cell: (/** @type {any} */ each) =>
                each.events[0] === "*" ? "all" : each.events.join(", "),
            },
            { label: "State", cell: (/** @type {any} */ each) => stateOf(each) },
          ],
        })}
        ${made ? secret(made) : nothing}
        <details class="panel" ?open=${items?.length === 0 || form.faults.size > 0}><summary>Register an endpoint</summary>
          ${form.render(
            html`${form.field({ name: "id", label: "Name", hint: "Letters, digits and . _ : -", isRequired: true, pattern: "[A-Za-z0-9._:\\-]{1,64}", patternHint: "Use letters, digits and . _ : - only." })}
              ${form.field({ name: "url", label: "Address", hint: "A public https address that takes events", type: "url", isRequired: true })}
              ${form.field({ name: "events", label: "Events", hint: "Their names, with spaces between; * is every event", isRequired: true })}
              ${form.field({ name: "description", label: "Note", maxlength: 200 })}`,
            { submit: "Register" },
          )}
        </details>`,
      { title: "Webhooks" },
    );
    ({ items } = await page.api.get("/endpoints"));
    page.redraw();
  },
};

/** @param {any} endpoint */
export function stateOf({ enabled, disabled_because: because }) {
  if (enabled) return html`<span class="tag">on</span>`;
  return html`<span class="tag bad">${because === "gone" ? "off: it answered that it is gone" : "off"}</span>`;
}

/** A secret is shown once. @param {{ id: string, secret: string }} endpoint */
export function secret({ id, secret: value }) {
  return html`<section class="panel" role="status">
    <h2>The secret of ${id}</h2>
    <p>Keep it now: it is not shown again.</p>
    <p><code>${value}</code></p>
  </section>`;
}
