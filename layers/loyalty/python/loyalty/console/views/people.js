// @ts-check
// People: who works with the program, in which role; inviting, changing and removing them.

import { confirm, Form } from "../forms.js";
import { html, nothing } from "../lit.js";
import { path } from "../api.js";
import { listed } from "../table.js";

/** @typedef {import("../types").Page} Page */

const ROLES = /** @type {[string, string][]} */ ([
  ["cashier", "Cashier: the till"],
  ["analyst", "Analyst: reports, without personal data"],
  ["manager", "Manager: everything"],
]);

/** @type {import("../types").View} */
export const view = {
  async open(page) {
    let people = await read(page);
    const act = async (/** @type {() => Promise<unknown>} */ send, /** @type {string} */ words) => {
      await page.attempt(async () => {
        await send();
        people = await read(page);
      }, words);
      page.redraw();
    };
    const inviting = inviteOf(page, async (words) => act(async () => null, words));
    page.show(
      () => html`
        ${listed(page, people, {
          caption: "People",
          empty: "Nobody has a role in this program only.",
          columns: [
            {
              label: "Who",
              isHead: true,
              cell: (each) =>
                html`${each.name ?? each.email ?? each.subject}${each.subject === page.subject ? " (you)" : ""}<br /><span class="quiet">${each.name ? each.email : nothing}</span>`,
            },
            { label: "Roles", cell: (each) => each.roles.join(", ") || "none any more" },
            { label: "State", cell: (each) => stateOf(page, each) },
            {
              label: "Second factor",
              cell: (each) =>
                each.second_factor === null ? "–" : each.second_factor ? "set up" : "not yet",
            },
            { label: "Change", cell: (each) => changes(page, each, act) },
          ],
        })}
        ${inviting()}`,
      { title: "People" },
    );
  },
};

/** @param {Page} page */
async function read(page) {
  const people = page.api.list("/people");
  await people.next();
  return people;
}

/** @param {Page} page @param {any} person */
function stateOf(page, { state, invitation_expires_at: until }) {
  if (state === "invited") return `invited, until ${page.format.instant(until)}`;
  return state === "disabled"
    ? html`<span class="tag bad">disabled</span>`
    : (state ?? "no account");
}

/** @param {Page} page @param {any} person
 * @param {(send: () => Promise<unknown>, words: string) => Promise<void>} act */
function changes(page, person, act) {
  if (person.subject === page.subject) return html`<span class="quiet">by a colleague</span>`;
  if (!person.roles.length) return nothing;
  const name = person.email ?? person.subject;
  const where = path`/people/${person.subject}`;
  const change = (/** @type {Event} */ event) => {
    const { value } = /** @type {HTMLSelectElement} */ (event.target);
    if (!value) return;
    return act(
      () => page.api.request("PUT", where, { body: { roles: [value] } }),
      `${name} is ${value} now.`,
    );
  };
  const remove = async () => {
    const isSure = await confirm({
      title: `Remove ${name}?`,
      text: `${person.roles.length} roles end. The person is signed out within a minute.`,
      action: "Remove",
      isDanger: true,
    });
    if (isSure) await act(() => page.api.request("DELETE", where), `${name} was removed.`);
  };
  return html`<select aria-label="Role of ${name}" @change=${change}>
      ${person.roles.length > 1 ? html`<option value="" .selected=${true}>${person.roles.join(", ")}</option>` : nothing}
      ${ROLES.map(([role]) => html`<option value=${role} .selected=${isOnly(person, role)}>${role}</option>`)}
    </select>
    <button type="button" aria-label="Remove ${name}" @click=${remove}>Remove</button>`;
}

/** @param {any} person @param {string} role */
const isOnly = ({ roles }, role) => roles.length === 1 && roles[0] === role;

/** @param {Page} page @param {(words: string) => Promise<void>} done */
function inviteOf(page, done) {
  const form = new Form(page, "invite", {
    body: ({ email, name, role }) => ({ email, ...(name && { name }), roles: [role] }),
    act: (body, key) => page.api.request("POST", "/people", { body, key }),
    done: ({ body }) =>
      done(
        body.invitation_sent
          ? `An invitation is on its way to ${body.email}.`
          : `${body.email} has the role now.`,
      ),
    values: { role: "cashier" },
  });
  return () => html`<section class="panel"><h2>Invite somebody</h2>
    ${form.render(
      html`${form.field({ name: "email", label: "E-mail", type: "email", isRequired: true, maxlength: 128 })}
        ${form.field({ name: "name", label: "Name", maxlength: 200 })}
        ${form.select({ name: "role", label: "Role", isRequired: true, choices: ROLES })}`,
      { submit: "Invite" },
    )}
  </section>`;
}
