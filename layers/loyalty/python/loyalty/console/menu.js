// @ts-check
// The menu: the views that the person's roles may see, the search box, and who is signed in.

import { html, nothing, render } from "./lit.js";
import { GROUPS, VIEWS } from "./views.js";

/**
 * @param {HTMLElement} place
 * @param {object} shown
 * @param {string} shown.program
 * @param {string} shown.name the program's name
 * @param {string} shown.view
 * @param {ReadonlySet<string>} shown.roles
 * @param {string} shown.who
 * @param {boolean} shown.hasOthers whether the person may go to other programs
 * @param {() => void} shown.onLeave
 */
export function drawMenu(place, { program, name, view, roles, who, hasOthers, onLeave }) {
  const allowed = VIEWS.filter((entry) => entry.roles.some((role) => roles.has(role)));
  const here = allowed.find((entry) => entry.name === view);
  const groups = GROUPS.map((group) => ({
    group,
    entries: allowed.filter((entry) => entry.group === group && entry.isListed !== false),
  })).filter(({ entries }) => entries.length);
  const address = (/** @type {string} */ to) => `#/${encodeURIComponent(program)}/${to}`;
  const current = (/** @type {boolean} */ isHere) => (isHere ? "page" : nothing);
  const item = (
    /** @type {import("./types").ViewEntry} */ entry,
    /** @type {string} */ text,
    /** @type {boolean} */ isHere,
  ) => html`<a href=${address(entry.name)} aria-current=${current(isHere)}>${text}</a>`;
  render(
    html`<nav aria-label="Console">
      <div class="bar">
        <p class="brand">${name}</p>
        <button type="button" class="toggle" aria-expanded="false" aria-controls="places" @click=${toggle}>Menu</button>
      </div>
      ${allowed.some((entry) => entry.name === "search") ? search(address("search")) : nothing}
      <div id="places" @click=${closeOnChoice}>
        <ul>
          ${groups.map(
            ({ group, entries }) => html`<li>
              ${item(entries[0], group, here?.group === group)}
              ${
                entries.length > 1 && here?.group === group
                  ? html`<ul>${entries.map((entry) => html`<li>${item(entry, entry.title, entry === here)}</li>`)}</ul>`
                  : nothing
              }
            </li>`,
          )}
        </ul>
        <p class="who">Signed in as ${who}</p>
        <p class="actions">
          ${hasOthers ? html`<a href="#/">Programs</a>` : nothing}
          <button type="button" @click=${onLeave}>Sign out</button>
        </p>
      </div>
    </nav>`,
    place,
  );
}

/** @param {string} address */
function search(address) {
  const find = (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    const form = /** @type {HTMLFormElement} */ (event.currentTarget);
    const text = String(new FormData(form).get("q") ?? "").trim();
    if (text) location.hash = `${address}?${new URLSearchParams({ q: text })}`;
  };
  return html`<form class="find" role="search" @submit=${find}>
    <label for="find">Find</label>
    <input id="find" name="q" type="search" autocomplete="off" placeholder="E-mail, order, card…" />
  </form>`;
}

/** On a phone the menu is closed until somebody opens it. @param {Event} event */
function toggle(event) {
  const button = /** @type {HTMLElement} */ (event.currentTarget);
  open(button, button.getAttribute("aria-expanded") === "false");
}

/** … and closes when something is chosen. @param {Event} event */
function closeOnChoice(event) {
  const target = /** @type {HTMLElement} */ (event.target);
  const button = document.querySelector("nav .toggle");
  if (button && target.closest("a")) open(button, false);
}

/** @param {Element} button @param {boolean} isOpen */
function open(button, isOpen) {
  button.setAttribute("aria-expanded", String(isOpen));
}
