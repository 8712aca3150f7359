// What callers are told to send, typed by the description: it compiles without a cast, or the
// description is unpleasant to generate from.
import type { components } from "./api.ts";

type Schemas = components["schemas"];

export const enrollment: Schemas["EnrollmentRequest"] = {
  identities: [
    { kind: "email", value: "ana@example.com", verified: true },
    { kind: "customer", source: "shop", value: "207119551" },
  ],
  profile: { name: "Ana", locale: "fr-FR", birthday: "1990-02-28" },
  consents: { email: true },
};

export const lookup: Schemas["LookupRequest"] = {
  identity: { kind: "email", value: "ana@example.com" },
};

export const redemption: Schemas["RedemptionRequest"] = { reward_id: "latte" };

export const hold: Schemas["RedemptionRequest"] = { reward_id: "latte", hold: false };

export const adjustment: Schemas["AdjustmentRequest"] = {
  points: 100,
  reason: "goodwill",
  reference: "case 12",
};

export const use: Schemas["VoucherUse"] = { order: { source: "pos", order_id: "1002" } };

export const storefront: Schemas["StorefrontRequest"] = {
  platform: "shopify",
  source: "shop",
  secrets: ["what-the-shop-shows"],
};

export const refundByLines: Schemas["RefundRequest"] = {
  refund_id: "r1",
  occurred_at: "2026-11-21T10:00:00Z",
  lines: [{ line_id: "1", quantity: 1 }],
};

export const refundByAmount: Schemas["RefundRequest"] = {
  refund_id: "r1",
  occurred_at: "2026-11-21T10:00:00Z",
  amount: { amount: 2500, currency: "EUR" },
};

export const program: Schemas["Program"] = {
  schema_version: 1,
  name: "Bean & Leaf",
  time_zone: "Europe/Paris",
  currency: "EUR",
  points: { one: "bean", many: "beans" },
  earning_rules: [
    {
      id: "base",
      on: "order",
      points: 1,
      per_minor: 100,
      rounding: "floor",
      exclude_categories: ["gift_card"],
    },
  ],
  expiry: { model: "after_earning", months: 12, round_to: "month" },
  rewards: [
    {
      id: "latte",
      name: "Latte",
      kind: "free_product",
      cost_points: 40,
      available_from: null,
      available_until: null,
      stock: null,
      per_member_max: null,
    },
  ],
};

export function order(memberId: string, occurredAt: string): Schemas["OrderRequest"] {
  return {
    source: "pos",
    order_id: "1001",
    member_id: memberId,
    occurred_at: occurredAt,
    lines: [
      {
        line_id: "1",
        sku: "X",
        category: "drink",
        quantity: 2,
        amount: { amount: 4999, currency: "EUR" },
      },
    ],
  };
}
