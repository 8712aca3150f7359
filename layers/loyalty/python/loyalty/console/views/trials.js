// @ts-check
// Trials of all members: how far each is, and what came out.
//
// #/<program>/trials lists them; #/<program>/trials/<id> shows one.

import { html, nothing } from "../lit.js";
import { path } from "../api.js";
import { listed } from "../table.js";
import { trialResult } from "../trial_result.js";

/** @typedef {import("../types").Page} Page */
/** @typedef {import("../types").Schema<"WholeTrialAnswer">} WholeTrial */

const LOOK_AGAIN_MS = 3_000;

/** @type {import("../types").View} */
export const view = {
  async open(page) {
    const [id] = page.params;
    return id === undefined ? all(page) : one(page, id);
  },
};

/** @param {Page} page */
async function all(page) {
  const list = page.api.list("/trials", { limit: 20 });
  await list.next();
  page.show(
    () => html`<p class="quiet">A draft is tried under <a href=${page.link("program")}>Program</a>, in the tab “Last year”.</p>
      ${listed(page, list, {
        caption: "Trials of all members in the last 30 days",
        empty: "Nothing was tried on all members in the last 30 days.",
        columns: [
          { label: "Requested", isHead: true, cell: (each) => linkTo(page, each) },
          { label: "Orders", cell: (each) => days(page, each) },
          { label: "Against", cell: (each) => `version ${each.version}` },
          { label: "State", cell: (each) => stateOf(each) },
        ],
      })}`,
  );
}

/** @param {Page} page @param {string} id */
async function one(page, id) {
  const where = path`/trials/${id}`;
  /** @type {WholeTrial} */
  let trial = await page.api.get(where);
  page.show(() => content(page, trial), { title: "Trial" });
  const timer = setInterval(async () => {
    if (!isUnderWay(trial)) return clearInterval(timer);
    try {
      trial = await page.api.get(where);
      page.redraw();
    } catch (error) {
      page.fail(error);
    }
  }, LOOK_AGAIN_MS);
  page.signal.addEventListener("abort", () => clearInterval(timer), { once: true });
}

/** @param {Page} page @param {WholeTrial} trial */
function content(page, trial) {
  return html`<dl class="facts">
      <dt>Orders</dt>
      <dd>${days(page, trial)}</dd>
      <dt>Against</dt>
      <dd><a href=${page.link("versions", String(trial.version))}>version ${trial.version}</a></dd>
      <dt>Requested</dt>
      <dd>${page.format.instant(trial.requested_at)}</dd>
    </dl>
    ${isUnderWay(trial) ? progress(trial) : nothing}
    ${trial.state === "failed" ? html`<p class="refused">${trial.reason?.detail}</p>` : nothing}
    ${trial.answer ? html`<section class="panel result" aria-labelledby="cost"><h2 id="cost">What it would have cost</h2>${trialResult(page, trial.answer, trial.document)}</section>` : nothing}
    ${trial.state === "done" && !trial.answer ? html`<p class="quiet">The result is no longer kept.</p>` : nothing}`;
}

/** @param {WholeTrial} trial */
function progress({ progress: how }) {
  if (!how?.parts) return html`<p role="status">The members are being divided into parts…</p>`;
  const again =
    how.round > 1
      ? " A budget runs out on the way, so all members are tried again with the minute of its end."
      : "";
  return html`<p role="status">
    <progress max=${how.parts} value=${how.parts_done} aria-label="Parts done"></progress>
    ${how.parts_done} of ${how.parts} parts are done.${again}
  </p>`;
}

/** @param {WholeTrial} trial */
function isUnderWay({ state }) {
  return state === "queued" || state === "running";
}

/** @param {Page} page @param {WholeTrial} trial */
function linkTo(page, trial) {
  return html`<a href=${page.link("trials", trial.id)}>${page.format.instant(trial.requested_at)}</a>`;
}

/** @param {Page} page @param {WholeTrial} trial */
function days({ format }, { first_day: first, last_day: last }) {
  return `${format.day(first)} – ${format.day(last)}`;
}

/** @param {WholeTrial} trial */
function stateOf({ state, reason }) {
  if (state === "failed") return html`<span class="tag bad">failed</span> ${reason?.detail}`;
  return html`<span class="tag">${state}</span>`;
}
