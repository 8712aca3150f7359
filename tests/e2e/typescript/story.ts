// A till's day with a generated client: enroll, quote, sell twice, redeem, use twice, refund, look
// back. It prints what came of each step. Arguments: the API's address, a program, two tokens.
import createClient from "openapi-fetch";
import type { components, paths } from "./api.ts";
import { enrollment, order, redemption, refundByLines, use } from "./contract.ts";

declare const process: { argv: string[] };

const [baseUrl = "", program_id = "", till = "", analyst = ""] = process.argv.slice(2);
const signedIn = (token: string) =>
  createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${token}` } });
const api = signedIn(till);
const now = new Date().toISOString();

class Unexpected extends Error {}

function expected<T>(answer: { data?: T; error?: unknown; response: Response }): T {
  if (answer.data === undefined) {
    throw new Unexpected(`${answer.response.status} ${JSON.stringify(answer.error)}`);
  }
  return answer.data;
}

/** Whatever became of an order, in words: the compiler knows every status that there is. */
function said(recorded: components["schemas"]["OrderEarned"] | components["schemas"]["OrderKept"]): string {
  switch (recorded.status) {
    case "earned":
      return `${recorded.entry.points} for ${recorded.member_id}`;
    case "guest":
    case "ignored":
      return `kept as ${recorded.status}`;
    default:
      return recorded satisfies never;
  }
}

const ana = expected(
  await api.POST("/v1/programs/{program_id}/members", { params: { path: { program_id } }, body: enrollment }),
);
const sold = order(ana.id, now);
const quote = expected(
  await api.POST("/v1/programs/{program_id}/orders/quote", { params: { path: { program_id } }, body: sold }),
);
const first = await api.POST("/v1/programs/{program_id}/orders", { params: { path: { program_id } }, body: sold });
const again = await api.POST("/v1/programs/{program_id}/orders", { params: { path: { program_id } }, body: sold });
const redeemed = expected(
  await api.POST("/v1/programs/{program_id}/members/{member_id}/redemptions", {
    params: { path: { program_id, member_id: ana.id }, header: { "Idempotency-Key": "redeem-1" } },
    body: redemption,
  }),
);
const code = redeemed.voucher.code ?? "";
const usedAs = (key: string) =>
  api.POST("/v1/programs/{program_id}/vouchers/{code}/use", {
    params: { path: { program_id, code }, header: { "Idempotency-Key": key } },
    body: use,
  });
const used = expected(await usedAs("use-1"));
const refused = await usedAs("use-2");
const refund = expected(
  await api.POST("/v1/programs/{program_id}/orders/{source}/{order_id}/refunds", {
    params: { path: { program_id, source: sold.source, order_id: sold.order_id } },
    body: { ...refundByLines, occurred_at: now },
  }),
);
const history = expected(
  await api.GET("/v1/programs/{program_id}/members/{member_id}/history", {
    params: { path: { program_id, member_id: ana.id } },
  }),
);
const report = await signedIn(analyst).GET("/v1/programs/{program_id}/reports/{name}", {
  params: { path: { program_id, name: "summary" }, query: { from: now.slice(0, 10), to: now.slice(0, 10) } },
});

console.log(
  JSON.stringify({
    quoted: quote.points,
    first: [first.response.status, said(expected(first))],
    again: [again.response.status, said(expected(again))],
    redeemed: [redeemed.points, redeemed.state],
    used: used.state,
    refused: refused.error && "code" in refused.error ? refused.error.code : null,
    refund: refund.status === "refunded" ? refund.entry.points : refund.status,
    history: history.items.map((entry) => entry.kind),
    report: report.response.status,
    member: ana.id,
  }),
);
