// @ts-check
// Trials of all members: how far each is, and what came out.
//
// #/<program>/trials lists them; #/<program>/trials/<id> shows one.

import { path } from "../api.js";
import { isUnderWay, readAgain, stateOf } from "../jobs.js";
import { html, nothing } from "../lit.js";
import { listed } from "../table.js";
import { trialResult } from "../trial_result.js";

/** @typedef {import("../types").Page} Page */
/** @typedef {import("../types").Schema<"WholeTrialAnswer">} WholeTrial */

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
    () => html`<p class="quiet">To try a draft, open <a href=${page.link("program")}>Program</a> and its tab “Last year”.</p>
      ${listed(page, list, {
        caption: "Trials of all members in the last 30 days",
        empty: "Nobody tried a draft on all members in the last 30 days.",
        columns: [
          { label: "Requested", isHead: true, cell: (each) => linkTo(page, each) },
          { label: "Orders", cell: (each) => page.format.period(each.first_day, each.last_day) },
          { label: "Compared with", cell: (each) => `version ${each.version}` },
          { label: "State", cell: stateOf },
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
  const again = async () => {
    trial = await page.api.get(where);
    page.redraw();
  };
  readAgain(page, () => isUnderWay(trial), again);
}

/** @param {Page} page @param {WholeTrial} trial */
function content(page, trial) {
  return html`<dl class="facts">
      <dt>Orders</dt>
      <dd>${page.format.period(trial.first_day, trial.last_day)}</dd>
      <dt>Compared with</dt>
      <dd><a href=${page.link("versions", String(trial.version))}>version ${trial.version}</a></dd>
      <dt>Requested</dt>
      <dd>${page.format.instant(trial.requested_at)}</dd>
    </dl>
    ${isUnderWay(trial) ? progress(trial) : nothing}
    ${trial.state === "failed" ? html`<p class="refused">${trial.reason?.detail}</p>` : nothing}
    ${trial.answer ? html`<section class="panel result" aria-labelledby="cost"><h2 id="cost">What it would have cost</h2>${trialResult(page, trial.answer, trial.document)}</section>` : nothing}
    ${trial.state === "done" && !trial.answer ? html`<p class="quiet">The result has expired.</p>` : nothing}`;
}

/** @param {WholeTrial} trial */
function progress({ progress: how }) {
  if (!how?.parts) return html`<p role="status">The members are being divided into parts…</p>`;
  const again =
    how.round > 1
      ? " A budget runs out, so all members are tried again with the minute in which it ends."
      : "";
  return html`<p role="status">
    <progress max=${how.parts} value=${how.parts_done} aria-label="Parts done"></progress>
    ${how.parts_done} of ${how.parts} parts are done.${again}
  </p>`;
}

/** @param {Page} page @param {WholeTrial} trial */
function linkTo(page, trial) {
  return html`<a href=${page.link("trials", trial.id)}>${page.format.instant(trial.requested_at)}</a>`;
}
