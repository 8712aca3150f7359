// @ts-check
// What a basket earns and why, and what each campaign loses by a refund.

import { html, nothing } from "./lit.js";

/** @typedef {import("./types").Page} Page */
/** @typedef {import("./types").Schema<"SampleQuoteAnswer">} Quote */
/** @typedef {import("./types").Schema<"RefundLoss">} Refund */

/** The answer, once it is known. @param {Page} page @param {Quote} quote */
export function earned(page, { points, pending_points: pending, campaigns, breakdown, refund }) {
  const { format } = page;
  const names = new Map(campaigns.map(({ id, name }) => [id, name]));
  const given = pointsByGiver(breakdown);
  const rules = [...given].filter(([id]) => !names.has(id));
  return html`<p class="big">${format.points(points + pending)}</p>
    ${pending ? html`<p>${format.points(pending)} of them can be spent later.</p>` : nothing}
    <h3>Campaigns</h3>
    ${
      campaigns.length
        ? html`<ul class="verdicts">${firstThoseThatApply(campaigns).map(
            (each) => html`<li class=${each.applies ? "yes" : "no"}>
              <strong>${each.applies ? "✓" : "✗"} ${each.name}</strong><br />${each.text}</li>`,
          )}</ul>`
        : html`<p class="quiet">There are none.</p>`
    }
    <h3>Earning rules</h3>
    <dl class="facts">${rules.map(([id, some]) => html`<dt>${id}</dt><dd>${format.points(some)}</dd>`)}</dl>
    ${refund ? lost(page, refund, { names, given }) : nothing}`;
}

/** What a refund takes of each that gave something.
 * @param {Page} page @param {Refund} refund
 * @param {{ names: Map<string, string>, given: Map<string, number> }} earned */
function lost({ format }, { points, counted, campaigns, rules, limits }, { names, given }) {
  const losses = new Map([...campaigns, ...rules].map(({ id, points: change }) => [id, -change]));
  const total = [...given.values()].reduce((sum, each) => sum + each, 0);
  return html`<h3>After a refund of ${format.money(counted)}</h3>
    <p>${points ? `${format.points(-points)} less, ${format.points(total + points)} stay.` : "All points stay."}</p>
    <dl class="facts">${[...given].map(
      ([id, some]) =>
        html`<dt>${names.get(id) ?? id}</dt><dd>${lossOf(losses.get(id) ?? 0, some)}</dd>`,
    )}</dl>
    ${limits.map(({ campaign_id: id, limit, points: back }) => html`<p class="quiet">${`${limit === "budget" ? "The budget" : "The member's limit"} of ${names.get(id) ?? id} gets ${format.points(back)} back.`}</p>`)}`;

  /** @param {number} loss @param {number} some */
  function lossOf(loss, some) {
    if (!loss) return `keeps ${format.points(some)}`;
    return loss === some
      ? `loses all ${format.points(some)}`
      : `loses ${format.number(loss)} of ${format.points(some)}`;
  }
}

/** @param {Quote["breakdown"]} breakdown @returns {Map<string, number>} */
function pointsByGiver(breakdown) {
  const given = new Map();
  for (const { rule_id: id, points } of breakdown) given.set(id, (given.get(id) ?? 0) + points);
  return given;
}

/** @param {Quote["campaigns"]} campaigns */
function firstThoseThatApply(campaigns) {
  return campaigns.toSorted((one, other) => Number(other.applies) - Number(one.applies));
}
