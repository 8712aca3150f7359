// @ts-check
// Actions: what staff changed and which personal data they looked up, newest first.
//
// The address says what is listed: #/<program>/actions?from=&to=&by=&action=&target=

import { html, nothing } from "../lit.js";
import { CONFIG } from "../config.js";
import { personName } from "../names.js";
import { listed } from "../table.js";

/** @typedef {import("../types").Page} Page */

const FILTERS = ["from", "to", "by", "action", "target"];
const STATES = new Map([
  ["begun", "begun; it may have had its effect"],
  ["failed", "failed; it may have had its effect"],
]);

/** @type {import("../types").View} */
export const view = {
  async open(page) {
    await this.follow?.(page);
  },
  async follow(page) {
    const chosen = Object.fromEntries(FILTERS.map((name) => [name, page.query.get(name) || null]));
    const actions = page.api.list("/actions", { ...chosen, limit: 50 });
    page.show(
      () => html`${filters(page)}
        ${listed(page, actions, {
          caption: "Actions",
          empty: "Nobody did this in these days.",
          columns: [
            { label: "When", isHead: true, cell: (each) => page.format.instant(each.began_at) },
            { label: "Who", cell: (each) => who(page, each) },
            { label: "Action", cell: (each) => words(each.action) },
            { label: "About", cell: (each) => target(page, each.target) },
            { label: "Changed", cell: (each) => changes(page, each) },
            { label: "Outcome", cell: outcome },
          ],
        })}`,
      { title: "Actions" },
    );
    await actions.next();
    page.redraw();
  },
};

/** @param {Page} page */
function filters(page) {
  const change = (/** @type {Event} */ event) => {
    const form = /** @type {HTMLFormElement} */ (event.currentTarget);
    const chosen = /** @type {[string, string][]} */ ([...new FormData(form)]).filter(
      ([, value]) => value,
    );
    page.go(page.link("actions", Object.fromEntries(chosen)));
  };
  const field = (/** @type {string} */ name, /** @type {string} */ label, type = "text") =>
    html`<label>${label} <input type=${type} name=${name} .value=${page.query.get(name) ?? ""} /></label>`;
  return html`<form class="controls" aria-label="Which actions" @change=${change} @submit=${(/** @type {Event} */ event) => event.preventDefault()}>
    ${field("from", "From", "date")} ${field("to", "To", "date")}
    <label>Action <select name="action">
      <option value="">all</option>
      ${CONFIG.actions.map((name) => html`<option value=${name} .selected=${name === page.query.get("action")}>${words(name)}</option>`)}
    </select></label> ${field("target", "About")} ${field("by", "Person")}
  </form>`;
}

/** "points.adjust": "points adjust" @param {string} action */
const words = (action) => action.replace(".", ": ").replaceAll("_", " ");

/** @param {Page} page @param {any} action */
function who(page, { by, by_name: name, by_email: email, roles }) {
  const label = personName(page, by, name ?? email);
  return html`<a href=${page.link("actions", { by })}>${label}</a> <span class="quiet">${roles.join(", ")}</span>`;
}

/** @param {Page} page @param {{ kind: string, id: string }} target */
function target(page, { kind, id }) {
  if (!id) return kind;
  if (kind === "member") return html`<a href=${page.link("member", id)}>${id}</a>`;
  if (kind === "endpoint") return html`<a href=${page.link("endpoint", id)}>${id}</a>`;
  if (kind === "storefront") return html`<a href=${page.link("shop", id)}>${id}</a>`;
  if (kind === "review") return html`<a href=${page.link("reviews", id)}>${id}</a>`;
  if (kind === "approval") return html`<a href=${page.link("approvals", id)}>${id}</a>`;
  if (kind === "delivery")
    return html`<a href=${page.link("deliveries", id.split("/")[0])}>${id}</a>`;
  return `${kind.replaceAll("_", " ")} ${id}`;
}

/** @param {Page} page @param {any} action */
function changes(page, { changes: changed, results }) {
  const value = (/** @type {unknown} */ each) => (each === null ? "…" : String(each));
  return html`${changed.map(
    (/** @type {any} */ { field, before, after }) =>
      html`<div>${field.replaceAll("_", " ")}: ${before === null ? nothing : html`${value(before)} → `}${value(after)}</div>`,
  )}
  ${results.version ? html`<div><a href=${page.link("versions", results.version)}>version ${results.version}</a></div>` : nothing}
  ${results.approval ? html`<div><a href=${page.link("approvals", results.approval)}>waits for approval</a></div>` : nothing}
  ${results.into ? html`<div>into <a href=${page.link("member", results.into)}>${results.into}</a></div>` : nothing}`;
}

/** @param {any} action */
function outcome({ state, code }) {
  if (state === "done") return "done";
  return html`<span class="tag bad">${STATES.get(state) ?? state}</span>${code ? ` ${code.replaceAll("_", " ")}` : ""}`;
}
