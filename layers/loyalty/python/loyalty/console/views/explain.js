// @ts-check
// Explain: why a member holds what they hold, lot by lot, as a waterfall and in sentences.

import { html, nothing, svg } from "../lit.js";
import { path } from "../api.js";
import { dayAfter, instantAt } from "../moments.js";

/** @typedef {import("../types").Page} Page */
/** @typedef {{ label: string, points: number, isTotal?: boolean }} Step */

const ROW = 28;
const WIDE = { width: 640, label: 230, figure: 70 };
// Letters stay as large as they are if the picture is as wide as a phone.
const NARROW = { width: 360, label: 160, figure: 50 };
const STEPS_MAX = 24;
const KINDS = new Map([
  ["accrual", "earned"],
  ["activation", "became available"],
  ["adjustment", "by hand"],
  ["clawback", "refund"],
  ["edit", "changed order"],
  ["expiry", "expired"],
  ["redemption", "redeemed"],
  ["return", "returned"],
]);

const narrow = matchMedia("(width < 40rem)");

/** @type {import("../types").View} */
export const view = {
  async open(page) {
    const [id] = page.params;
    const day = page.query.get("day");
    const moment = day ? { at: endOf(page, day) } : {};
    const explained = await page.api.get(path`/members/${id}/explain`, moment);
    narrow.addEventListener("change", () => page.redraw(), { signal: page.signal });
    page.show(
      () => html`
        <p><a href=${page.link("member", id)}>Back to the member</a></p>
        <form class="controls" @submit=${prevent} @change=${(/** @type {Event} */ event) => choose(page, id, event)}>
          <label>At the end of
            <input type="date" name="day" max=${page.format.today()} .value=${day ?? page.format.today()} /></label>
        </form>
        <p class="answer">${explained.text}</p>
        ${waterfall(page, explained)}
        ${explained.lots.map((/** @type {any} */ lot) => part(page, lot))}
        ${explained.pending.map((/** @type {any} */ pending) => part(page, pending))}
        ${debt(page, explained)}`,
      { title: "Why this balance?" },
    );
  },
};

/** @param {Event} event */
const prevent = (event) => event.preventDefault();

/** @param {Page} page @param {string} id @param {Event} event */
function choose(page, id, event) {
  const { value } = /** @type {HTMLInputElement} */ (event.target);
  if (value) page.go(page.link("explain", id, value === page.format.today() ? {} : { day: value }));
}

/** The last moment of a day in the program's time zone: what happened on it counts.
 * @param {Page} page @param {string} day */
function endOf(page, day) {
  const midnight = instantAt(`${dayAfter(day, 1)}T00:00`, page.format.timeZone);
  return new Date(Date.parse(midnight) - 1).toISOString();
}

/** A lot or a part of the pending points, and what brought it. @param {Page} page @param {any} lot */
function part(page, lot) {
  return html`<section class="panel">
    <h2>${lot.text}</h2>
    <ul>${lot.origins.map((/** @type {any} */ origin) => html`<li>${sentence(page, origin)}</li>`)}</ul>
  </section>`;
}

/** A sentence, and links to the entries that its figures are from. @param {Page} page @param {any} origin */
function sentence(page, origin) {
  const entries = [origin, ...origin.taken];
  return html`${origin.text}.
    <span class="quiet">
      ${entries.map((each, place) => html`${place ? " · " : nothing}${entryLink(page, each, origin.order)}`)}
    </span>`;
}

/** @param {Page} page @param {any} entry @param {any} order the order that brought the points */
function entryLink(page, { entry_id: id, kind, points, brought }, order) {
  const figure = brought === undefined ? -points : brought;
  const words = `${page.format.change(figure)} ${KINDS.get(kind) ?? kind}`;
  const isOfOrder = order && (kind === "accrual" || kind === "clawback" || kind === "edit");
  const target = isOfOrder
    ? page.link("order", order.source, order.order_id, { entry: id })
    : page.link("member", page.params[0], { entry: id });
  return html`<a href=${target}>${words}</a>`;
}

/** @param {Page} page @param {any} explained */
function debt(page, explained) {
  if (!explained.debt_changes.length) return nothing;
  return html`<section class="panel">
    <h2>${page.format.points(explained.debt)} owed</h2>
    <ul>${explained.debt_changes.map((/** @type {any} */ each) => html`<li>${each.text}. ${entryLink(page, each, null)}</li>`)}</ul>
  </section>`;
}

/** What brought points and what took them, from zero to the balance.
 * @param {Page} page @param {any} explained */
function waterfall(page, explained) {
  const steps = stepsOf(page, explained);
  if (steps.length < 2) return nothing;
  const bars = placed(steps);
  const most = Math.max(1, ...bars.map(({ to, from }) => Math.max(to, from)));
  const { width: all, label: margin, figure } = narrow.matches ? NARROW : WIDE;
  const scale = (/** @type {number} */ points) => (points / most) * (all - margin - figure);
  return html`<figure class="waterfall">
    <svg viewBox="0 0 ${all} ${bars.length * ROW}" role="img" aria-label="What brought the points and what took them; the sentences below say the same">
      ${bars.map(({ label, points, from, to, isTotal }, row) => {
        const left = scale(Math.min(from, to));
        const width = Math.max(1, scale(Math.abs(to - from)));
        const kind = isTotal ? "total" : points < 0 ? "down" : "up";
        return svg`<text x=${margin - 8} y=${row * ROW + 18} text-anchor="end">${label}</text>
          <rect class=${kind} x=${margin + left} y=${row * ROW + 4} width=${width} height=${ROW - 8} />
          <text x=${margin + left + width + 6} y=${row * ROW + 18}>${isTotal ? page.format.number(points) : page.format.change(points)}</text>`;
      })}
    </svg>
  </figure>`;
}

/** One step for each origin and each taking; the oldest are summed up if there are too many.
 * @param {Page} page @param {any} explained @returns {Step[]} */
function stepsOf(page, explained) {
  const origins = explained.lots.flatMap((/** @type {any} */ lot) => lot.origins);
  const changes = origins.flatMap((/** @type {any} */ origin) => [
    { at: origin.at, label: labelOf(page, origin), points: origin.brought },
    ...origin.taken.map((/** @type {any} */ each) => ({
      at: each.at,
      label: labelOf(page, each),
      points: -each.points,
    })),
  ]);
  changes.sort((/** @type {any} */ one, /** @type {any} */ other) => (one.at < other.at ? -1 : 1));
  const early = changes.slice(0, Math.max(0, changes.length - STEPS_MAX));
  const sum = early.reduce(
    (/** @type {number} */ total, /** @type {any} */ each) => total + each.points,
    0,
  );
  const before = early.length ? [{ label: `${early.length} earlier changes`, points: sum }] : [];
  return [
    ...before,
    ...changes.slice(early.length),
    { label: "Balance", points: explained.balance, isTotal: true },
  ];
}

/** @param {Page} page @param {any} change */
function labelOf(page, { at, kind, order }) {
  const day = page.format.dayOf(at);
  return `${day} · ${order ? `order ${order.order_id}`.slice(0, 16) : (KINDS.get(kind) ?? kind)}`;
}

/** Where each bar begins and ends. @param {Step[]} steps */
function placed(steps) {
  let sum = 0;
  return steps.map((step) => {
    const from = step.isTotal ? 0 : sum;
    const to = step.isTotal ? step.points : sum + step.points;
    sum = to;
    return { ...step, from, to };
  });
}
