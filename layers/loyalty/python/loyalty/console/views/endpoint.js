// @ts-check
// One endpoint: its attempts, sending again, rotating its secret, switching it off, removing it.

import { html, nothing } from "../lit.js";
import { path } from "../api.js";
import { confirm } from "../forms.js";
import { listed } from "../table.js";
import { secret, stateOf } from "./endpoints.js";

/** @typedef {import("../types").Page} Page */

/** @type {import("../types").View} */
export const view = {
  async open(page) {
    const [id] = page.params;
    const where = path`/endpoints/${id}`;
    const state = {
      endpoint: await page.api.get(where),
      rotated: /** @type {any} */ (null),
      deliveries: page.api.list(`${where}/deliveries`, { limit: 50 }),
    };
    const act = async (/** @type {() => Promise<unknown>} */ send, /** @type {string} */ words) => {
      await page.attempt(async () => {
        await send();
        state.endpoint = await page.api.get(where);
        state.deliveries = page.api.list(`${where}/deliveries`, { limit: 50 });
        await state.deliveries.next();
      }, words);
      page.redraw();
    };
    page.show(() => content(page, where, state, act), { title: `Endpoint ${id}` });
    await state.deliveries.next();
    page.redraw();
  },
};

/** @param {Page} page @param {string} where @param {any} state
 * @param {(send: () => Promise<unknown>, words: string) => Promise<void>} act */
function content(page, where, state, act) {
  const { endpoint, rotated, deliveries } = state;
  const post = (/** @type {string} */ part) => page.api.request("POST", `${where}${part}`);
  const rotate = async () => {
    const isSure = await confirm({
      title: "Make a new secret?",
      text: "Deliveries are signed with both secrets for 24 hours; then the old one ends.",
      action: "Make a new secret",
    });
    if (!isSure) return;
    await act(async () => {
      state.rotated = (await post("/rotate")).body;
    }, "The new secret is below.");
  };
  const remove = async () => {
    const waiting = deliveries.items.filter(
      (/** @type {any} */ each) => each.state === "retrying",
    ).length;
    const isSure = await confirm({
      title: `Remove ${endpoint.id}?`,
      text: `No more events are sent there. ${waiting} of the deliveries below are still being tried; they end.`,
      action: "Remove",
      isDanger: true,
    });
    if (!isSure) return;
    const send = () => page.api.request("DELETE", where);
    if (await page.attempt(send, `${endpoint.id} was removed.`)) page.go(page.link("endpoints"));
  };
  const turn = () => {
    const { url, events, description, enabled } = endpoint;
    const body = { url, events, description, enabled: !enabled };
    return act(
      () => page.api.request("PUT", where, { body }),
      enabled ? "It is off." : "It is on.",
    );
  };
  return html`
    <dl class="facts">
      <dt>Address</dt><dd>${endpoint.url}</dd>
      <dt>Events</dt><dd>${endpoint.events[0] === "*" ? "all" : endpoint.events.join(", ")}</dd>
      ${endpoint.description ? html`<dt>Note</dt><dd>${endpoint.description}</dd>` : nothing}
      <dt>State</dt><dd>${stateOf(endpoint)}</dd>
      ${endpoint.previous_secret_until ? html`<dt>Old secret until</dt><dd>${page.format.instant(endpoint.previous_secret_until)}</dd>` : nothing}
    </dl>
    <p class="actions">
      <button type="button" @click=${() => act(() => post("/test"), "A test event is on its way.")}>Send a test</button>
      <button type="button" @click=${rotate}>New secret</button>
      <button type="button" @click=${turn}>${endpoint.enabled ? "Switch off" : "Switch on"}</button>
      <button type="button" class="danger" @click=${remove}>Remove</button>
    </p>
    ${rotated ? secret(rotated) : nothing}
    ${listed(page, deliveries, {
      caption: "Deliveries",
      hasCaption: true,
      empty: "Nothing was sent yet.",
      columns: [
        { label: "Queued", isHead: true, cell: (each) => page.format.instant(each.queued_at) },
        {
          label: "Event",
          cell: (each) =>
            each.event_id === page.query.get("event")
              ? html`<mark>${each.event}</mark>`
              : each.event,
        },
        {
          label: "State",
          cell: (each) =>
            html`<span class="tag ${each.state === "parked" ? "bad" : ""}">${each.state}</span>`,
        },
        { label: "Attempts", isFigure: true, cell: (each) => page.format.number(each.attempts) },
        {
          label: "Last answer",
          cell: (each) => each.last_status ?? (each.last_trouble ?? "–").replaceAll("_", " "),
        },
        { label: "Next", cell: (each) => page.format.instant(each.next_attempt_at) },
        {
          label: "Send again",
          cell: (
            each,
          ) => html`<button type="button" aria-label="Send again: ${each.event} of ${page.format.instant(each.queued_at)}"
            @click=${() => act(() => page.api.request("POST", where + path`/deliveries/${each.event_id}/redeliver`), "It is sent again.")}>Send again</button>`,
        },
      ],
    })}`;
}
