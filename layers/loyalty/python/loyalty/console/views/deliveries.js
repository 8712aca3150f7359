// @ts-check
// Deliveries of a shop: the outcome and content of each, and applying one or a period again.
//
// The address may name one: #/<program>/deliveries/<storefront>?delivery=<id>

import { confirm, Form } from "../forms.js";
import { html, nothing } from "../lit.js";
import { path } from "../api.js";
import { listed } from "../table.js";
import { memberLink, orderLink } from "../entry_words.js";

/** @typedef {import("../types").Page} Page */

const TROUBLED = new Set(["parked", "failed", "data_requested"]);
const STATUSES = /** @type {[string, string][]} */ ([
  ["parked", "parked ones"],
  ["failed", "failed ones"],
  ["received", "ones that still wait"],
  ["", "all"],
]);

/** @type {import("../types").View} */
export const view = {
  async open(page) {
    const [id] = page.params;
    const where = path`/storefronts/${id}/deliveries`;
    const state = {
      deliveries: page.api.list(where, { limit: 50 }),
      shown: /** @type {any} */ (null),
    };
    const reread = async () => {
      state.deliveries = page.api.list(where, { limit: 50 });
      await state.deliveries.next();
      page.redraw();
    };
    const show = async (/** @type {string} */ delivery) => {
      state.shown = await page.api.get(where + path`/${delivery}`);
      page.redraw();
      document.getElementById("delivery")?.focus();
    };
    const again = async (/** @type {string} */ delivery) => {
      await page.attempt(async () => {
        await page.api.request("POST", where + path`/${delivery}/replay`);
        await reread();
      }, "It is applied again. Nothing counts twice.");
    };
    const replaying = replayOf(page, where, reread);
    page.show(
      () => html`
        <p><a href=${page.link("shop", id)}>Shop ${id}</a></p>
        ${state.shown ? content(page, state.shown, again) : nothing}
        ${listed(page, state.deliveries, {
          caption: "Deliveries of the last 30 days",
          empty: "Nothing was delivered in the last 30 days.",
          columns: [
            {
              label: "Received",
              isHead: true,
              cell: (each) => page.format.instant(each.received_at),
            },
            {
              label: "About",
              cell: (each) =>
                each.order_id
                  ? orderLink(page, { source: each.source, order_id: each.order_id })
                  : (each.topic ?? "–"),
            },
            { label: "Outcome", cell: (each) => outcome(each) },
            {
              label: "Points",
              isFigure: true,
              cell: (each) => (each.points ? page.format.change(each.points) : ""),
            },
            {
              label: "Do",
              cell: (each) => html`<span class="actions">
                <button type="button" aria-label="Read the delivery of ${page.format.instant(each.received_at)}" @click=${() => show(each.id).catch((error) => page.fail(error))}>Read</button>
                <button type="button" aria-label="Replay the delivery of ${page.format.instant(each.received_at)}" @click=${() => again(each.id)}>Replay</button></span>`,
            },
          ],
        })}
        <details class="panel"><summary>Replay a period</summary>${replaying()}</details>`,
      { title: `Deliveries of ${id}` },
    );
    await state.deliveries.next();
    page.redraw();
    const named = page.query.get("delivery");
    if (named) await show(named);
  },
};

/** @param {any} delivery */
function outcome({ status, reason, pointer }) {
  return html`<span class="tag ${TROUBLED.has(status) ? "bad" : ""}">${status.replaceAll("_", " ")}</span>
    ${reason ? reason.replaceAll("_", " ") : nothing}${pointer ? html` at <code>${pointer}</code>` : nothing}`;
}

/** @param {Page} page @param {any} delivery @param {(id: string) => Promise<void>} again */
function content(page, delivery, again) {
  return html`<section class="panel" id="delivery" tabindex="-1" aria-label="The delivery">
    <h2>${delivery.topic ?? "Delivery"}</h2>
    <dl class="facts">
      <dt>Received</dt><dd>${page.format.instant(delivery.received_at)}</dd>
      <dt>Applied</dt><dd>${page.format.instant(delivery.applied_at)}, attempt ${delivery.attempts}</dd>
      <dt>Outcome</dt><dd>${outcome(delivery)}</dd>
      ${delivery.member_id ? html`<dt>Member</dt><dd>${memberLink(page, delivery.member_id)}</dd>` : nothing}
    </dl>
    <p class="actions"><button type="button" class="primary" @click=${() => again(delivery.id)}>Replay</button></p>
    ${delivery.body === null ? html`<p class="nothing">Its content was erased.</p>` : html`<pre tabindex="0">${indented(delivery.body)}</pre>`}
    ${delivery.is_cut ? html`<p class="quiet">Only the beginning is shown.</p>` : nothing}
  </section>`;
}

/** JSON with line breaks; anything else as it is. @param {string} body */
function indented(body) {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}

/** @param {Page} page @param {string} where @param {() => Promise<void>} reread */
function replayOf(page, where, reread) {
  const form = new Form(page, "replay", {
    body: ({ from, to, status }) => ({
      from: new Date(String(from)).toISOString(),
      to: new Date(String(to)).toISOString(),
      ...(status && { statuses: [status] }),
    }),
    // A thousand at a time; the page goes on until all are queued.
    act: async (body) => {
      const isSure = await confirm({
        title: "Apply these deliveries again?",
        text: "All deliveries of the period are queued, oldest first. Nothing counts twice.",
        action: "Replay",
      });
      if (!isSure) return null;
      let queued = 0;
      for (let cursor = null; ; ) {
        const { body: part } = await page.api.request("POST", `${where}/replay`, {
          body: cursor ? { ...body, cursor } : body,
        });
        queued += part.queued;
        page.announce(`${page.format.number(queued)} deliveries are queued…`);
        cursor = part.next_cursor;
        if (!cursor) return queued;
      }
    },
    done: async (queued) => {
      if (queued === null) return;
      page.announce(`${page.format.number(queued)} deliveries are applied again.`);
      await reread();
    },
    values: { status: "parked" },
  });
  return () =>
    form.render(
      html`${form.field({ name: "from", label: "Received from", hint: "In the time of this computer", type: "datetime-local", isRequired: true })}
        ${form.field({ name: "to", label: "Until", type: "datetime-local", isRequired: true })}
        ${form.select({ name: "status", label: "Which", isRequired: false, choices: STATUSES })}`,
      { submit: "Replay" },
    );
}
