// @ts-check
// Approvals: what waits for a second manager, who requested it, and deciding about it.
//
// #/<program>/approvals?state= lists them; #/<program>/approvals/<id> is one.

import { Form } from "../forms.js";
import { html, nothing } from "../lit.js";
import { Problem, path } from "../api.js";
import { memberLink } from "../entry_words.js";
import { personName, rewardName } from "../names.js";
import { listed } from "../table.js";

/** @typedef {import("../types").Page} Page */
/** @typedef {import("../types").Schema<"ApprovalAnswer">} Approval */

const STATES = /** @type {[string, string][]} */ ([
  ["held", "that wait"],
  ["approved", "that were approved"],
  ["refused", "that were refused"],
  ["expired", "that nobody decided in time"],
  ["", "of any state"],
]);

/** @type {import("../types").View} */
export const view = {
  async open(page) {
    const [id] = page.params;
    await (id ? one(page, id) : all(page));
  },
};

/** @param {Page} page */
async function all(page) {
  const state = page.query.get("state") ?? "held";
  const approvals = page.api.list("/approvals", { state: state || null, limit: 50 });
  const choose = (/** @type {Event} */ event) => {
    const { value } = /** @type {HTMLSelectElement} */ (event.target);
    page.go(page.link("approvals", { state: value }));
  };
  page.show(
    () => html`<form class="controls" aria-label="Which approvals" @submit=${(/** @type {Event} */ event) => event.preventDefault()}>
        <label>Show those <select @change=${choose}>${STATES.map(
          ([value, label]) =>
            html`<option value=${value} .selected=${value === state}>${label}</option>`,
        )}</select></label>
      </form>
      ${state === "held" && approvals.items.length ? html`<p class="answer">${sums(page, approvals.items, approvals.hasMore)}</p>` : nothing}
      ${listed(page, approvals, {
        caption: "Approvals",
        empty: approvals.reading
          ? "Reading…"
          : state === "held"
            ? "Nothing waits for a second manager."
            : "There are none.",
        columns: [
          { label: "Request", isHead: true, cell: (each) => linkTo(page, each) },
          { label: "Why", cell: reasonOf },
          { label: "Who", cell: (each) => asked(page, each) },
          { label: "Requested", cell: (each) => page.format.instant(each.requested_at) },
          { label: "State", cell: (each) => stateOf(page, each) },
        ],
      })}`,
  );
  await approvals.next();
  page.redraw();
}

/** All that waits, in numbers. @param {Page} page @param {Approval[]} approvals @param {boolean} isPart */
function sums(page, approvals, isPart) {
  const sum = (/** @type {(each: Approval) => boolean} */ is) =>
    approvals.filter(is).reduce((points, each) => points + Math.abs(each.points), 0);
  const added = sum((each) => each.kind === "adjustment" && each.points > 0);
  const taken = sum((each) => each.kind === "adjustment" && each.points < 0);
  const grants = approvals.filter((each) => each.kind === "grant");
  const cost = sum((each) => each.kind === "grant");
  const parts = [
    added ? `${page.format.points(added)} to add` : "",
    taken ? `${page.format.points(taken)} to take` : "",
    grants.length
      ? `${page.format.number(grants.length)} ${grants.length === 1 ? "reward" : "rewards"} to give, which cost ${page.format.points(cost)}`
      : "",
  ].filter(Boolean);
  const count = page.format.number(approvals.length);
  const requests = approvals.length === 1 ? "request" : "requests";
  return `${isPart ? "The first " : ""}${count} ${requests}: ${parts.join("; ")}.`;
}

/** What is requested. @param {Page} page @param {Approval} approval */
function words(page, { kind, points, reward_id: reward }) {
  if (kind === "grant") return `Give ${rewardName(page, reward ?? "")}`;
  return `${points < 0 ? "Take" : "Add"} ${page.format.points(Math.abs(points))}`;
}

/** @param {Page} page @param {Approval} approval */
function linkTo(page, approval) {
  const cost =
    approval.kind === "grant"
      ? html`<br /><span class="quiet">costs ${page.format.points(approval.points)}</span>`
      : nothing;
  return html`<a href=${page.link("approvals", approval.id)}>${words(page, approval)}</a>${cost}`;
}

/** @param {Approval} approval */
const reasonOf = ({ reason, reference }) =>
  html`${reason}${reference ? html` <span class="quiet">${reference}</span>` : nothing}`;

/** @param {Page} page @param {Approval} approval */
const asked = (page, approval) =>
  personName(page, approval.requested_by, approval.requested_by_name);

/** @param {Page} page @param {Approval} approval */
function stateOf(page, { state, expires_at: until, decided_by: by, decided_by_name: name }) {
  if (state === "held")
    return html`<span class="tag">waits</span> <span class="quiet">until ${page.format.instant(until)}</span>`;
  return html`<span class="tag">${state}</span>${by ? html` <span class="quiet">by ${personName(page, by, name)}</span>` : nothing}`;
}

/** @param {Page} page @param {string} id */
async function one(page, id) {
  const where = path`/approvals/${id}`;
  let approval = await page.api.get(where);
  const member = await memberOf(page, approval);
  const form = deciding(
    page,
    where,
    () => approval,
    member,
    async (words) => {
      page.announce(words);
      approval = await page.api.get(where);
      page.redraw();
    },
  );
  page.show(
    () => html`${facts(page, approval, member)} ${form()}
      <p class="actions"><a href=${page.link("approvals")}>All that waits</a></p>`,
    { title: words(page, approval) },
  );
}

/** The member whom it is about; null if they were erased. @param {Page} page @param {Approval} approval */
async function memberOf(page, approval) {
  try {
    return await page.api.get(path`/members/${approval.member_id}`);
  } catch (error) {
    if (error instanceof Problem && error.status === 404) return null;
    throw error;
  }
}

/** @param {Page} page @param {Approval} approval @param {any} member */
function facts(page, approval, member) {
  const { format } = page;
  const name = member?.profile.name;
  return html`<dl class="facts">
    <dt>State</dt><dd>${stateOf(page, approval)}</dd>
    <dt>For</dt><dd>${memberLink(page, approval.member_id)}${name ? ` (${name})` : ""}${member ? html`, who has ${format.points(member.balance)}` : ", who was erased"}</dd>
    ${approval.kind === "grant" ? html`<dt>The reward costs</dt><dd>${format.points(approval.points)}, which the member does not pay</dd>` : nothing}
    ${approval.expires_on ? html`<dt>Last day to spend them</dt><dd>${format.day(approval.expires_on)}</dd>` : nothing}
    ${approval.below_zero ? html`<dt>Below zero</dt><dd>It may leave a debt.</dd>` : nothing}
    <dt>Why</dt><dd>${reasonOf(approval)}</dd>
    <dt>Requested</dt><dd>by ${asked(page, approval)}, ${format.instant(approval.requested_at)}</dd>
    ${
      approval.decided_by
        ? html`<dt>Decided</dt><dd>${format.instant(approval.decided_at)}: ${approval.decision_reason}</dd>`
        : nothing
    }
    ${approval.entry_id ? html`<dt>Entry</dt><dd><a href=${page.link("member", approval.member_id, { entry: approval.entry_id })}>${approval.entry_id}</a></dd>` : nothing}
  </dl>`;
}

/** @param {Page} page @param {string} where @param {() => Approval} read @param {any} member
 * @param {(words: string) => Promise<void>} done */
function deciding(page, where, read, member, done) {
  const form = new Form(page, "decide", {
    body: ({ reason }) => ({ reason }),
    act: (body, _key, { verdict }) => page.api.request("POST", `${where}/${verdict}`, { body }),
    confirm: (_body, { verdict }) => ({
      title: `${words(page, read())}?`,
      text: verdict === "approve" ? effect(page, read(), member) : "Nothing is given or taken.",
      action: verdict === "approve" ? "Approve" : "Refuse",
      isDanger: verdict !== "approve",
    }),
    done: ({ body }) => done(body.state === "approved" ? "It was carried out." : "It was refused."),
  });
  return () => {
    const { state, requested_by: by } = read();
    if (state !== "held") return nothing;
    if (by === page.subject)
      return html`<p class="refused">You requested it, so another manager has to decide.</p>`;
    return html`<section class="panel" aria-labelledby="decide"><h2 id="decide">Decide</h2>
      ${form.render(
        html`${form.select({
          name: "verdict",
          label: "Decision",
          isRequired: true,
          choices: [
            ["", "Choose"],
            ["approve", "Approve: it is carried out at once"],
            ["refuse", "Refuse: nothing is given or taken"],
          ],
        })}
        ${form.field({ name: "reason", label: "Reason", hint: "For whoever requested it.", isRequired: true, maxlength: 200 })}`,
        { submit: "Decide" },
      )}
    </section>`;
  };
}

/** What approving would do. @param {Page} page @param {Approval} approval @param {any} member */
function effect(page, { kind, points, reward_id: reward }, member) {
  if (kind === "grant")
    return `The member gets a voucher for ${rewardName(page, reward ?? "")} and pays 0 points.`;
  if (!member) return "The member was erased, so it cannot be carried out.";
  return `${page.format.points(member.balance)} become ${page.format.points(member.balance + points)}.`;
}
