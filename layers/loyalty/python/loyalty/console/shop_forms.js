// @ts-check
// Connecting a storefront, or changing its connection: what each platform needs, and what to do there.

import { Form } from "./forms.js";
import { html, nothing } from "./lit.js";
import { path } from "./api.js";

/** @typedef {import("./types").Page} Page */

const PLATFORMS = /** @type {[string, string][]} */ ([
  ["shopify", "Shopify"],
  ["woocommerce", "WooCommerce"],
  ["square", "Square"],
  ["bigcommerce", "BigCommerce"],
  ["stripe", "Stripe"],
  ["judgeme", "Judge.me reviews"],
  ["flow", "Shopify Flow: activities"],
  ["standard", "Another system: activities"],
]);
/** Which fields a platform uses, and how it names what they contain. @type {Record<string, Record<string, string>>} */
const FIELDS = {
  shopify: {
    store: "Store: the part before .myshopify.com",
    secret: "Client secret of the app",
    client_id: "Client id of the app",
  },
  woocommerce: {
    store: "The site's host",
    secret: "Secret of the webhook",
    access_token: "Key and secret: ck_…:cs_…",
  },
  square: { secret: "Signature key of the subscription", access_token: "Access token" },
  bigcommerce: {
    store: "Hash of the store",
    secret: "Client secret",
    access_token: "Access token",
  },
  stripe: { secret: "Signing secret of the endpoint", access_token: "Restricted key" },
  judgeme: {
    store: "The shop's domain at Judge.me",
    secret: "Secret of the OAuth app, or the private API token",
  },
  flow: { secret: "Bearer secret: at least 32 random characters" },
  standard: { secret: "Signing secret: whsec_…" },
};
/** They report activities, and no orders. */
const OF_ACTIVITIES = ["judgeme", "flow", "standard"];
const ID = "[A-Za-z0-9._:\\-]{1,64}";
const ID_HINT = "Use letters, digits and . _ : - only.";
const OTHER_CURRENCIES = /** @type {[string, string][]} */ ([
  ["convert", "convert them at the platform's rate"],
  ["park", "park them: a person decides"],
  ["ignore", "ignore them"],
]);

/** The form that connects a shop; of an existing one it replaces the whole connection.
 * @param {Page} page @param {any} shop null: a new one */
export function connecting(page, shop) {
  const form = new Form(page, "connect", {
    values: {
      platform: shop?.platform ?? "shopify",
      id: shop?.id ?? "",
      source: shop?.source ?? "",
      store: shop?.store ?? "",
      client_id: shop?.client_id ?? "",
      other_currencies: shop?.other_currencies ?? "convert",
      counts_tax: shop?.counts_tax ?? false,
      enroll_customers: shop?.enroll_customers ?? false,
      create_codes: shop?.create_codes ?? false,
    },
    body: (values) => bodyOf(values, shop),
    act: (body) => page.api.request("PUT", path`/storefronts/${form.text("id")}`, { body }),
    done: ({ body }) => {
      page.announce("The shop is connected. Now point its webhooks here.");
      page.go(page.link("shop", body.id));
    },
  });
  return () => {
    const platform = form.text("platform");
    const used = FIELDS[platform] ?? {};
    const optional = (/** @type {string} */ name, isSecret = false) =>
      used[name]
        ? form.field({
            name,
            label: used[name],
            isSecret,
            type: isSecret ? "password" : "text",
            autocomplete: "off",
          })
        : nothing;
    return form.render(
      html`
        ${shop ? nothing : form.select({ name: "platform", label: "Platform", isRequired: true, choices: PLATFORMS })}
        ${shop ? nothing : form.field({ name: "id", label: "Id", hint: "Of your own choosing; it is part of the webhook's address.", isRequired: true, pattern: ID, patternHint: ID_HINT })}
        ${form.field({ name: "source", label: "Its name in orders", hint: "Keep it: under a different name the same order would earn again.", isRequired: true, pattern: ID, patternHint: ID_HINT })}
        ${optional("store")} ${optional("client_id")}
        ${form.field({ name: "secrets/0", label: used.secret ?? "Secret", hint: shop ? "Enter it again: secrets are never shown." : "It signs the webhooks.", type: "password", isRequired: true, isSecret: true })}
        ${shop ? form.field({ name: "secrets/1", label: "The secret that it replaces", hint: "Both are valid until you save again without it.", type: "password", isSecret: true }) : nothing}
        ${optional("access_token", true)}
        ${
          OF_ACTIVITIES.includes(platform)
            ? nothing
            : html`${form.select({ name: "other_currencies", label: "Orders in other currencies", isRequired: true, choices: OTHER_CURRENCIES })}
            ${form.checkbox({ name: "counts_tax", label: "Amounts count with their tax" })}`
        }
        ${
          platform === "shopify"
            ? html`${form.checkbox({ name: "enroll_customers", label: "Customers who agree to marketing in the shop become members" })}
            ${form.checkbox({ name: "create_codes", label: "Voucher codes become discount codes of the shop" })}`
            : nothing
        }`,
      { submit: shop ? "Save the connection" : "Connect" },
    );
  };
}

/** The request; what this form does not show stays as it is. @param {Record<string, any>} values @param {any} shop */
function bodyOf(values, shop) {
  const used = FIELDS[values.platform] ?? {};
  const isShopify = values.platform === "shopify";
  const given = (/** @type {string} */ name) =>
    used[name] && values[name] ? { [name]: values[name] } : {};
  return {
    platform: values.platform,
    source: values.source,
    secrets: [values["secrets/0"], values["secrets/1"]].filter(Boolean),
    ...given("store"),
    ...given("client_id"),
    ...given("access_token"),
    other_currencies: values.other_currencies,
    counts_tax: values.counts_tax === true,
    ...(isShopify && {
      enroll_customers: values.enroll_customers === true,
      create_codes: values.create_codes === true,
    }),
    ...(shop && { earns: shop.earns, sandbox: shop.sandbox }),
    ...(shop?.notification_url && { notification_url: shop.notification_url }),
  };
}
