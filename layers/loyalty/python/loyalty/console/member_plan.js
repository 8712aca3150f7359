// @ts-check
// A member's paid plan: what they have, and how staff give, renew and end it.

import { path } from "./api.js";
import { confirm, Form } from "./forms.js";
import { html, nothing } from "./lit.js";
import { nameIn } from "./names.js";

/** @typedef {import("./types").Page} Page */
/** @typedef {import("./types").Schema<"MemberAnswer">} Member */
/** @typedef {(words: string) => Promise<void>} Done announces what happened and reads the member again */

/** @type {Record<string, string>} */
const STATES = { active: "Active", grace: "Days of grace", paused: "Paused" };

/** @param {Page} page @param {Member} member @param {() => Promise<void>} reread */
export function planOf(page, { id, plan }, reread) {
  if (!plan) return nothing;
  const { format } = page;
  const end = async () => {
    const isSure = await confirm({
      title: `End ${plan.name ?? plan.id}?`,
      text: "It ends at once. The member keeps what orders earned by it. If a shop charges for it, end it there too.",
      action: "End the plan",
      isDanger: true,
    });
    if (!isSure) return;
    const where = path`/members/${id}/plan`;
    await page.attempt(() => page.api.request("DELETE", where), "The plan ended.");
    await reread();
  };
  return html`<section class="panel">
    <h2>Plan</h2>
    <p class="big">${plan.name ?? plan.id}</p>
    <dl class="facts">
      <dt>State</dt><dd>${STATES[plan.state]}</dd>
      <dt>Since</dt><dd>${format.day(plan.since)}</dd>
      <dt>Paid until</dt><dd>${format.day(plan.paid_until)}</dd>
      <dt>Ends after</dt><dd>${format.day(plan.until)}</dd>
      <dt>Orders earn</dt><dd>${format.percent(plan.multiplier_percent / 100)}</dd>
    </dl>
    ${page.may("manager") ? html`<p class="actions"><button type="button" class="danger" @click=${end}>End</button></p>` : nothing}
  </section>`;
}

/** The form that gives a plan. @param {Page} page @param {Done} done */
export function givingPlan(page, done) {
  /** @type {{id: string, name: string}[]} */
  const plans = page.inForce.document.plans;
  const form = new Form(page, "plan", {
    act: (body) => page.api.request("PUT", path`/members/${page.params[0]}/plan`, { body }),
    confirm: ({ plan, until }) => ({
      title: "Give this plan?",
      text: `The member gets ${nameIn(plans, plan)}, paid until ${page.format.day(until)}. If a shop reports a plan that lasts longer, they keep that one.`,
      action: "Give",
    }),
    done: () => done("The member has the plan."),
  });
  return () => html`<details ?open=${Boolean(form.problem || form.faults.size || page.recall(form.name))}>
    <summary>Give a plan</summary>
    ${form.render(
      html`${form.select({
        name: "plan",
        label: "Plan",
        isRequired: true,
        choices: [
          ["", "Choose"],
          ...plans.map(({ id, name }) => /** @type {[string, string]} */ ([id, name])),
        ],
      })}
      ${form.field({ name: "until", label: "Last day that is paid", type: "date", isRequired: true, min: page.format.today() })}
      ${form.checkbox({ name: "renews", label: "It renews: days of grace follow" })}
      ${form.field({ name: "reason", label: "Reason", isRequired: true, maxlength: 200 })}`,
      { submit: "Give" },
    )}
  </details>`;
}
