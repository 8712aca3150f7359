// @ts-check
// Find: one box for an e-mail, phone, card, voucher, order or delivery. It leads to what it found.

import { Form } from "../forms.js";
import { html, nothing } from "../lit.js";
import { path, Problem } from "../api.js";

/** @typedef {import("../types").Page} Page */

const FOUND_BY = new Map([
  ["member_id", "member id"],
  ["email", "e-mail"],
  ["phone", "phone"],
  ["card", "card"],
  ["customer", "customer id of a shop"],
  ["subject", "sign-in"],
]);

/** @type {import("../types").View} */
export const view = {
  async open(page) {
    const text = page.query.get("q") ?? "";
    // An address can be read over a shoulder and stays in the history, so a search does not stay in it.
    if (text) history.replaceState(null, "", page.link("search"));
    /** @type {any[] | null} */
    let found = null;
    const show = (/** @type {any[]} */ items) => {
      const [only] = items;
      if (items.length === 1 && addressOf(page, only)) return page.go(addressOf(page, only) ?? "");
      found = items;
      page.redraw();
    };
    const form = new Form(page, "search", {
      act: (body) => search(page, body.text),
      done: (items) => show(items),
      values: { text },
    });
    page.show(
      () => html`
        <search>
          ${form.render(
            form.field({
              name: "text",
              label: "What do you have?",
              hint: "An e-mail, phone number, card, member, order, voucher, entry or delivery",
              type: "search",
              isRequired: true,
              maxlength: 500,
            }),
            { submit: "Find" },
          )}
        </search>
        <div role="status">${found ? results(page, found) : nothing}</div>`,
      { title: "Find" },
    );
    if (text) show(await search(page, text));
  },
};

const ENTRY = /^\s*(ent_[0-9a-f]{24})\s*$/;

/** @param {Page} page @param {string} text @returns {Promise<any[]>} */
async function search(page, text) {
  const entry = ENTRY.exec(text);
  if (entry) return entryOf(page, entry[1]);
  const { body } = await page.api.request("POST", path`/search`, { body: { text } });
  return body.items;
}

/** An entry, which another route finds. @param {Page} page @param {string} id */
async function entryOf(page, id) {
  try {
    return [{ ...(await page.api.get(path`/entries/${id}`)), kind: "entry" }];
  } catch (error) {
    if (error instanceof Problem && error.status === 404) return [];
    throw error;
  }
}

/** @param {Page} page @param {any[]} items */
function results(page, items) {
  if (!items.length)
    return html`<p class="nothing">Nothing has this name here. Check the spelling.</p>`;
  return html`<ul class="choices">
    ${items.map((item) => html`<li><a href=${addressOf(page, item)}>${wordsOf(item)}</a></li>`)}
  </ul>`;
}

/** The address of what was found. @param {Page} page @param {any} item */
function addressOf(page, item) {
  switch (item.kind) {
    case "member":
      return page.link("member", item.member_id);
    case "order":
      return page.link("order", item.source, item.order_id);
    case "voucher":
      return page.link("member", item.member_id);
    case "entry":
      return page.link("member", item.member_id, { entry: item.id });
    case "delivery":
      return page.link("deliveries", item.storefront_id, { delivery: item.delivery_id });
    case "endpoint_delivery":
      return page.link("endpoint", item.endpoint_id, { event: item.event_id });
    default:
      return null;
  }
}

/** @param {any} item */
function wordsOf(item) {
  switch (item.kind) {
    case "member":
      return `Member ${item.member_id}, by ${FOUND_BY.get(item.found_by) ?? item.found_by}${
        item.claim === "noted" ? " (not confirmed: it may be somebody else's)" : ""
      }`;
    case "order":
      return `Order ${item.order_id} from ${item.source}${item.member_id ? "" : ", of no member yet"}`;
    case "voucher":
      return `Voucher ${item.code}`;
    case "entry":
      return `Entry ${item.id} of member ${item.member_id}`;
    case "delivery":
      return `Delivery ${item.delivery_id} of ${item.storefront_id}`;
    default:
      return `Event ${item.event_id} to ${item.endpoint_id}`;
  }
}
