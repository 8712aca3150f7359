// @ts-check
// What staff can do for a member: each act says what it will do before it does it.

import { Form } from "./forms.js";
import { html } from "./lit.js";
import { path } from "./api.js";
import { givingPlan } from "./member_plan.js";
import { levelName, rewardName, rewardOf } from "./names.js";

/** @typedef {import("./types").Page} Page */
/** @typedef {(words: string) => Promise<void>} Done announces what happened and reads the member again */

const WAITS = "It waits for another manager: see Approvals.";

/** The forms for a member; null where the role may not act.
 * @param {Page} page @param {() => any} read the member as last read @param {Done} done */
export function actsOf(page, read, done) {
  /** @type {(() => import("./types").Content)[]} */
  const forms = [];
  if (page.may("cashier", "manager")) forms.push(adjusting(page, read, done));
  if (page.may("manager")) forms.push(granting(page, done));
  if (page.may("cashier")) forms.push(redeeming(page, read, done));
  if (page.may("manager") && page.inForce.document.tiers) forms.push(leveling(page, done));
  if (page.may("manager") && page.inForce.document.plans.length) forms.push(givingPlan(page, done));
  if (page.may("cashier", "manager")) forms.push(changing(page, read, done));
  return () =>
    html`<section class="panel" aria-labelledby="acts"><h2 id="acts">Do</h2>${forms.map((form) => form())}</section>`;
}

/** @param {string} label @param {unknown} content @param {Form} form */
function folded(label, content, form) {
  const isOpen = Boolean(form.problem || form.faults.size || form.page.recall(form.name));
  return html`<details ?open=${isOpen}><summary>${label}</summary>${content}</details>`;
}

/** @param {Page} page */
const memberPath = (page) => path`/members/${page.params[0]}`;

/** @param {Page} page @param {() => any} read @param {Done} done */
function adjusting(page, read, done) {
  const form = new Form(page, "adjust", {
    act: (body, key) => page.api.request("POST", `${memberPath(page)}/adjustments`, { body, key }),
    confirm: ({ points }) => ({
      title: points < 0 ? "Take points?" : "Add points?",
      text: `${page.format.points(read().balance)} become ${page.format.points(read().balance + points)}. The member sees the reason.${waits(page, points)}`,
      action: `${points < 0 ? "Take" : "Add"} ${page.format.points(Math.abs(points))}`,
    }),
    done: ({ status }) => done(status === 202 ? WAITS : "The points were adjusted."),
  });
  return () =>
    folded(
      "Add or take points",
      form.render(
        html`${form.field({ name: "points", label: "Points", hint: "A minus takes points.", type: "integer", isRequired: true })}
          ${form.field({ name: "reason", label: "Reason", hint: "The member can read it.", isRequired: true, maxlength: 200 })}
          ${form.field({ name: "reference", label: "Reference", hint: "Such as a case number", maxlength: 200 })}
          ${form.field({ name: "expires_on", label: "Last day to spend them", type: "date", min: page.format.today() })}
          ${form.checkbox({ name: "below_zero", label: "Taking more than there is leaves a debt" })}`,
        { submit: "Adjust" },
      ),
      form,
    );
}

/** That a second manager has to approve something, if so. @param {Page} page @param {number} points */
function waits(page, points) {
  const above = page.inForce.document.adjustments?.approval_above;
  if (typeof above !== "number" || Math.abs(points) <= above) return "";
  return ` More than ${page.format.points(above)} wait until another manager approves them.`;
}

/** @param {Page} page @returns {[string, string][]} */
function rewardsOf(page) {
  const rewards = page.inForce.document.rewards ?? [];
  return rewards.map((/** @type {any} */ { id, name, cost_points: cost }) => [
    id,
    `${name} (${page.format.points(cost)})`,
  ]);
}

/** @param {Page} page @param {Done} done */
function granting(page, done) {
  const form = new Form(page, "grant", {
    act: (body, key) => page.api.request("POST", `${memberPath(page)}/grants`, { body, key }),
    confirm: ({ reward_id: id }) => ({
      title: "Give this reward?",
      text: `The member gets a voucher for ${rewardName(page, id)} and pays 0 points.${waits(page, rewardOf(page, id)?.cost_points ?? 0)}`,
      action: "Give it",
    }),
    done: ({ status, body }) =>
      done(status === 202 ? WAITS : `The voucher is ${body.voucher?.code ?? "issued"}.`),
  });
  return () =>
    folded(
      "Give a reward",
      form.render(
        html`${form.select({ name: "reward_id", label: "Reward", isRequired: true, choices: [["", "Choose"], ...rewardsOf(page)] })}
          ${form.field({ name: "reason", label: "Reason", hint: "The member can read it.", isRequired: true, maxlength: 200 })}
          ${form.field({ name: "reference", label: "Reference", maxlength: 200 })}`,
        { submit: "Give" },
      ),
      form,
    );
}

/** @param {Page} page @param {() => any} read @param {Done} done */
function redeeming(page, read, done) {
  const form = new Form(page, "redeem", {
    act: (body, key) => page.api.request("POST", `${memberPath(page)}/redemptions`, { body, key }),
    confirm: ({ reward_id: id }) => {
      const cost = rewardOf(page, id)?.cost_points ?? 0;
      return {
        title: `Redeem ${rewardName(page, id)}?`,
        text: `It costs ${page.format.points(cost)}; ${page.format.points(read().balance - cost)} remain.`,
        action: "Redeem",
      };
    },
    done: ({ body }) => done(`The voucher is ${body.voucher?.code ?? "issued"}.`),
  });
  return () =>
    folded(
      "Redeem for the member",
      form.render(
        form.select({
          name: "reward_id",
          label: "Reward",
          isRequired: true,
          choices: [["", "Choose"], ...rewardsOf(page)],
        }),
        {
          submit: "Redeem",
        },
      ),
      form,
    );
}

/** @param {Page} page @param {Done} done */
function leveling(page, done) {
  const levels = page.inForce.document.tiers.levels;
  const form = new Form(page, "level", {
    act: (body) => page.api.request("PUT", `${memberPath(page)}/tier-floor`, { body }),
    confirm: ({ level, until }) => ({
      title: "Grant this level?",
      text: `The member has at least ${levelName(page, level)} until ${page.format.day(until)}, whatever they buy.`,
      action: "Grant",
    }),
    done: () => done("The level was granted."),
  });
  return () =>
    folded(
      "Grant a level",
      form.render(
        html`${form.select({
          name: "level",
          label: "Level",
          isRequired: true,
          choices: [["", "Choose"], ...levels.map((/** @type {any} */ { id, name }) => [id, name])],
        })}
        ${form.field({ name: "until", label: "Last day", type: "date", isRequired: true, min: page.format.today() })}`,
        { submit: "Grant" },
      ),
      form,
    );
}

/** @param {Page} page @param {() => any} read @param {Done} done */
function changing(page, read, done) {
  const { profile, consents } = read();
  const form = new Form(page, "profile", {
    act: (body) => page.api.request("PATCH", memberPath(page), { body }),
    body: (values) => ({
      profile: {
        name: values["profile/name"] || null,
        locale: values["profile/locale"] || null,
        birthday: values["profile/birthday"] || null,
      },
      consents: { email: values["consents/email"] === true },
    }),
    values: {
      "profile/name": profile.name ?? "",
      "profile/locale": profile.locale ?? "",
      "profile/birthday": profile.birthday ?? "",
      "consents/email": consents.email === true,
    },
    done: () => done("The profile was changed."),
  });
  return () =>
    folded(
      "Change the profile",
      form.render(
        html`${form.field({ name: "profile/name", label: "Name", maxlength: 200 })}
          ${form.field({ name: "profile/locale", label: "Language", hint: "Such as en-GB or fr", maxlength: 35 })}
          ${form.field({ name: "profile/birthday", label: "Birthday", type: "date", max: page.format.today() })}
          ${form.checkbox({ name: "consents/email", label: "Agrees to messages by e-mail" })}`,
        { submit: "Save" },
      ),
      form,
    );
}
