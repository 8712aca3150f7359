// @ts-check
// What managers decide, approvals and reviews: the list by state, one of them, and its decision.

import { path } from "./api.js";
import { Form } from "./forms.js";
import { html, nothing } from "./lit.js";
import { personName } from "./names.js";
import { listed } from "./table.js";

/** @typedef {import("./types").Content} Content */
/** @typedef {import("./types").Page} Page */
/** @typedef {import("./types").Schema<"ApprovalAnswer">} Approval */
/** @typedef {import("./types").Schema<"ReviewAnswer">} Review */
/** @typedef {"approvals" | "reviews"} Name of the view, and of the list in the API */
/** @typedef {[value: string, label: string][]} Choices */
/**
 * @template {Approval | Review} Case
 * @typedef {object} Listing
 * @property {string} caption
 * @property {Choices} states the first is that of cases to decide
 * @property {string} empty what the view says if there is nothing to decide
 * @property {import("./table.js").Column<Case>[]} columns
 * @property {(cases: Case[], isPart: boolean) => Content} [summary] of the cases to decide
 */
/**
 * @template {Approval | Review} Case
 * @typedef {object} Deciding
 * @property {string} title
 * @property {string} back the words of the link to the list
 * @property {(each: Case) => Content} facts
 * @property {(each: Case) => string | null} refusal why this person cannot decide; null: they can
 * @property {Choices} choices
 * @property {string} hint who reads the reason
 * @property {(each: Case, decision: string) => import("./forms.js").ConfirmOptions} confirm
 * @property {(body: { decision: string, reason: string }) => Promise<any>} act
 * @property {(each: Case) => string} done what the view says afterwards
 */

/** List the cases of the state that the address names.
 * @template {Approval | Review} Case
 * @param {Page} page @param {Name} name @param {Listing<Case>} listing */
export async function listCases(page, name, { caption, states, empty, columns, summary }) {
  const [[first]] = states;
  const state = page.query.get("state") ?? first;
  const cases = page.api.list(`/${name}`, { state: state || null, limit: 50 });
  const choose = (/** @type {Event} */ event) => {
    const { value } = /** @type {HTMLSelectElement} */ (event.target);
    page.go(page.link(name, { state: value }));
  };
  page.show(
    () => html`<form class="controls" aria-label="Which ${name}" @submit=${(/** @type {Event} */ event) => event.preventDefault()}>
        <label>Show <select @change=${choose}>${[...states, ["", "all"]].map(
          ([value, label]) =>
            html`<option value=${value} .selected=${value === state}>${label}</option>`,
        )}</select></label>
      </form>
      ${summary && state === first && cases.items.length ? html`<p class="answer">${summary(cases.items, cases.hasMore)}</p>` : nothing}
      ${listed(page, cases, { caption, columns, empty: state === first ? empty : "There are none." })}`,
  );
  await cases.next();
  page.redraw();
}

/** A state, and who decided. @param {Page} page @param {Approval | Review} each
 * @param {string} label of the state @param {string | null} until how long it has this state */
export function stateOf(page, { decided_by: by, decided_by_name: name }, label, until) {
  const words = by ? `by ${personName(page, by, name)}` : until;
  return html`<span class="tag">${label}</span>${words ? html` <span class="quiet">${words}</span>` : nothing}`;
}

/** Show a case, and decide it.
 * @template {Approval | Review} Case
 * @param {Page} page @param {Name} name @param {Case} read @param {Deciding<Case>} deciding */
export function showCase(page, name, read, deciding) {
  let each = read;
  const form = new Form(page, "decide", {
    body: ({ decision, reason }) => ({ decision, reason }),
    act: (body) => deciding.act(body),
    confirm: ({ decision }) => deciding.confirm(each, decision),
    done: async ({ body }) => {
      page.announce(deciding.done(body));
      each = await page.api.get(path`/${name}/${each.id}`);
      page.redraw();
    },
  });
  page.show(
    () => html`<dl class="facts">${deciding.facts(each)} ${decided(page, each)}</dl>
      ${each.state === "held" || each.state === "open" ? decide(form, each, deciding) : nothing}
      <p class="actions"><a href=${page.link(name)}>${deciding.back}</a></p>`,
    { title: deciding.title },
  );
}

/** When and why it was decided, and the entry that moved points.
 * @param {Page} page @param {Approval | Review} each */
function decided(page, { decided_at: at, decision_reason: why, member_id: member, entry_id: id }) {
  return html`${at ? html`<dt>Decided</dt><dd>${page.format.instant(at)}: ${why}</dd>` : nothing}
    ${member && id ? html`<dt>Entry</dt><dd><a href=${page.link("member", member, { entry: id })}>${id}</a></dd>` : nothing}`;
}

/**
 * @template {Approval | Review} Case
 * @param {Form} form @param {Case} each @param {Deciding<Case>} deciding */
function decide(form, each, { refusal, choices, hint }) {
  const why = refusal(each);
  if (why) return html`<p class="refused">${why}</p>`;
  return html`<section class="panel" aria-labelledby="decide"><h2 id="decide">Decide</h2>
    ${form.render(
      html`${form.select({ name: "decision", label: "Decision", isRequired: true, choices: [["", "Choose"], ...choices] })}
      ${form.field({ name: "reason", label: "Reason", hint, isRequired: true, maxlength: 200 })}`,
      { submit: "Decide" },
    )}
  </section>`;
}
