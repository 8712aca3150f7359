// @ts-check
// Till: find or scan a member, enroll, earn, redeem, use a voucher, undo. Made for a phone.

import { Form } from "../forms.js";
import { html, nothing } from "../lit.js";
import { path } from "../api.js";
import { canScan, scan } from "../scanning.js";
import { earning, redeeming, using } from "../till_forms.js";

/** @typedef {import("../types").Page} Page */
/** @typedef {import("../till_forms.js").Undo} Undo */
/** @typedef {{ member: any, rewards: any[], undo: Undo | null, unknown: string | null }} State */

const PHONE = /^\+?[\d\s()/.-]{6,}$/;

/** @type {import("../types").View} */
export const view = {
  async open(page) {
    /** @type {State} */
    const state = { member: null, rewards: [], undo: null, unknown: null };
    const [id] = page.params;
    if (id) Object.assign(state, await read(page, id));
    const done = async (/** @type {string} */ words, /** @type {Undo | null} */ undo) => {
      state.undo = undo;
      page.announce(words);
      if (id) Object.assign(state, await read(page, id));
      page.redraw();
    };
    const finding = findingOf(page, state);
    const enrolling = enrollingOf(page, state);
    const forms = id
      ? [earning(page, id, done), redeeming(page, id, () => state.rewards, done)]
      : [];
    const voucher = using(page, done);
    page.show(
      () => html`
        ${finding()} ${state.unknown === null ? nothing : enrolling()}
        ${state.member ? memberOf(page, state.member) : nothing}
        ${state.undo ? undoing(page, state, done) : nothing}
        <div class="columns below">${forms.map((form) => form())} ${voucher()}</div>`,
      { title: "Till" },
    );
  },
};

/** @param {Page} page @param {string} id */
async function read(page, id) {
  const [member, rewards] = await Promise.all([
    page.api.get(path`/members/${id}`),
    page.api.get(path`/members/${id}/rewards`),
  ]);
  return { member, rewards: rewards.items };
}

/** @param {Page} page @param {any} member */
function memberOf(page, member) {
  return html`<section class="panel" aria-label="Member">
    <h2><a href=${page.link("member", member.id)}>${member.profile.name ?? member.identities[0]?.value ?? member.id}</a></h2>
    <p class="big">${page.format.points(member.balance)}</p>
    ${member.debt ? html`<p>${page.format.points(member.debt)} owed</p>` : nothing}
    ${member.progress?.level ? html`<p><span class="tag">${member.progress.level.name}</span></p>` : nothing}
  </section>`;
}

/** @param {Page} page @param {State} state */
function findingOf(page, state) {
  const form = new Form(page, "find", {
    act: async ({ text }) => ({
      text,
      body: (await page.api.request("POST", "/search", { body: { text } })).body,
    }),
    done: ({ text, body }) => {
      const member = body.items.find((/** @type {any} */ each) => each.member_id);
      if (member) return page.go(page.link("till", member.member_id));
      state.unknown = text;
    },
  });
  const scanned = async () => {
    const code = await scan(page.signal);
    if (code) form.set({ text: code });
  };
  return () =>
    form.render(
      form.field({
        name: "text",
        label: "Card, phone, e-mail or voucher",
        type: "search",
        isRequired: true,
        maxlength: 500,
      }),
      {
        submit: "Find",
        more: canScan() ? html`<button type="button" @click=${scanned}>Scan</button>` : nothing,
      },
    );
}

/** @param {Page} page @param {State} state */
function enrollingOf(page, state) {
  const form = new Form(page, "enroll", {
    body: ({ name, locale }) => ({
      identities: [identityOf(state.unknown ?? "")],
      profile: name || locale ? { ...(name && { name }), ...(locale && { locale }) } : undefined,
    }),
    act: (body, key) => page.api.request("POST", "/members", { body, key }),
    confirm: (body) => ({
      title: "Enroll a new member?",
      text: `They are found by the ${body.identities[0].kind} ${body.identities[0].value}.`,
      action: "Enroll",
    }),
    done: ({ body }) => page.go(page.link("till", body.id)),
  });
  return () => html`<section class="panel"><h2>Nobody has ${state.unknown}</h2>
    ${form.render(
      html`${form.field({ name: "name", label: "Name", maxlength: 200 })}
        ${form.field({ name: "locale", label: "Language", hint: "Such as en or fr", maxlength: 35 })}`,
      { submit: "Enroll as a member" },
    )}
  </section>`;
}

/** What was typed or scanned, as an identity. @param {string} text */
function identityOf(text) {
  const value = text.trim();
  if (value.includes("@")) return { kind: "email", value };
  return PHONE.test(value) && value.startsWith("+")
    ? { kind: "phone", value }
    : { kind: "card", value };
}

/** @param {Page} page @param {State} state @param {(words: string, undo: Undo | null) => Promise<void>} done */
function undoing(page, state, done) {
  const undo = /** @type {Undo} */ (state.undo);
  const act = async () => {
    const send = () => page.api.request(undo.method, undo.where, { body: undo.body });
    const words = `Undone: ${undo.words}`;
    if (await page.attempt(send, words)) await done(words, null);
  };
  return html`<p class="actions"><button type="button" @click=${act}>Undo: ${undo.words}</button></p>`;
}
