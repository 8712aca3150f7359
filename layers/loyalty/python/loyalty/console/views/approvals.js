// @ts-check
// Approvals: what waits for a second manager, who requested it, and deciding about it.
//
// #/<program>/approvals?state= lists them; #/<program>/approvals/<id> is one.

import { listCases, showCase, stateOf } from "../decisions.js";
import { html, nothing } from "../lit.js";
import { Problem, path } from "../api.js";
import { memberLink } from "../entry_words.js";
import { personName, rewardName } from "../names.js";

/** @typedef {import("../types").Page} Page */
/** @typedef {import("../types").Schema<"ApprovalAnswer">} Approval */

const STATES = /** @type {[string, string][]} */ ([
  ["held", "waiting"],
  ["approved", "approved"],
  ["refused", "refused"],
  ["expired", "expired: nobody decided in time"],
]);

/** @type {import("../types").View} */
export const view = {
  async open(page) {
    const [id] = page.params;
    await (id ? one(page, id) : all(page));
  },
};

/** @param {Page} page */
function all(page) {
  /** @type {import("../decisions.js").Listing<Approval>} */
  const listing = {
    caption: "Approvals",
    states: STATES,
    empty: "Nothing waits for a second manager.",
    columns: [
      { label: "Request", isHead: true, cell: (each) => linkTo(page, each) },
      { label: "Why", cell: reasonOf },
      { label: "Who", cell: (each) => requester(page, each) },
      { label: "Requested", cell: (each) => page.format.instant(each.requested_at) },
      { label: "State", cell: (each) => state(page, each) },
    ],
    summary: (approvals, isPart) => sums(page, approvals, isPart),
  };
  return listCases(page, "approvals", listing);
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
const requester = (page, approval) =>
  personName(page, approval.requested_by, approval.requested_by_name);

/** @param {Page} page @param {Approval} approval */
function state(page, approval) {
  return approval.state === "held"
    ? stateOf(page, approval, "waiting", `until ${page.format.instant(approval.expires_at)}`)
    : stateOf(page, approval, approval.state, null);
}

/** @param {Page} page @param {string} id */
async function one(page, id) {
  const where = path`/approvals/${id}`;
  /** @type {Approval} */
  const read = await page.api.get(where);
  const member = await memberOf(page, read);
  /** @type {import("../decisions.js").Deciding<Approval>} */
  const deciding = {
    title: words(page, read),
    back: "All waiting requests",
    facts: (approval) => facts(page, approval, member),
    refusal: ({ requested_by: by }) =>
      by === page.subject ? "You requested it, so another manager has to decide." : null,
    choices: [
      ["approve", "Approve: it is carried out at once"],
      ["refuse", "Refuse: nothing is given or taken"],
    ],
    hint: "The person who requested it can read it.",
    confirm: (approval, decision) => ({
      title: `${words(page, approval)}?`,
      text: decision === "approve" ? effect(page, approval, member) : "Nothing is given or taken.",
      action: decision === "approve" ? "Approve" : "Refuse",
      isDanger: decision !== "approve",
    }),
    act: ({ decision, reason }) =>
      page.api.request("POST", `${where}/${decision}`, { body: { reason } }),
    done: (approval) => (approval.state === "approved" ? "It was carried out." : "It was refused."),
  };
  showCase(page, "approvals", read, deciding);
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
  return html`<dt>State</dt><dd>${state(page, approval)}</dd>
    <dt>For</dt><dd>${memberLink(page, approval.member_id)}${name ? ` (${name})` : ""}${member ? html`, who has ${format.points(member.balance)}` : ", who was erased"}</dd>
    ${approval.kind === "grant" ? html`<dt>The reward costs</dt><dd>${format.points(approval.points)}, which the member does not pay</dd>` : nothing}
    ${approval.expires_on ? html`<dt>Last day to spend them</dt><dd>${format.day(approval.expires_on)}</dd>` : nothing}
    ${approval.below_zero ? html`<dt>Below zero</dt><dd>It may leave a debt.</dd>` : nothing}
    <dt>Why</dt><dd>${reasonOf(approval)}</dd>
    <dt>Requested</dt><dd>by ${requester(page, approval)}, ${format.instant(approval.requested_at)}</dd>`;
}

/** What approving would do. @param {Page} page @param {Approval} approval @param {any} member */
function effect(page, { kind, points, reward_id: reward }, member) {
  if (kind === "grant")
    return `The member gets a voucher for ${rewardName(page, reward ?? "")} and pays 0 points.`;
  if (!member) return "The member was erased, so it cannot be carried out.";
  return `${page.format.points(member.balance)} become ${page.format.points(member.balance + points)}.`;
}
