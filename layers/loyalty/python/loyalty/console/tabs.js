// @ts-check
// Tabs: one of several panels, chosen with the mouse or the arrow keys.

import { html } from "./lit.js";

/** @typedef {import("./types").Content} Content */
/** @typedef {{ id: string, title: Content, content: () => Content }} Tab */

/** @param {{ label: string, tabs: Tab[], current: string, choose: (id: string) => void }} options */
export function tabbed({ label, tabs, current, choose }) {
  const shown = tabs.find(({ id }) => id === current) ?? tabs[0];
  const onKey = (/** @type {KeyboardEvent} */ event) => {
    const moves = /** @type {Record<string, number>} */ ({
      ArrowLeft: -1,
      ArrowRight: 1,
      Home: -tabs.length,
      End: tabs.length,
    });
    const move = moves[event.key];
    if (!move) return;
    event.preventDefault();
    const at = tabs.indexOf(shown) + move;
    const isStep = Math.abs(move) === 1;
    const next = tabs[isStep ? (at + tabs.length) % tabs.length : move < 0 ? 0 : tabs.length - 1];
    choose(next.id);
    document.getElementById(`tab-${next.id}`)?.focus();
  };
  return html`<div class="tabs" role="tablist" aria-label=${label} @keydown=${onKey}>
      ${tabs.map(
        ({
          id,
          title,
        }) => html`<button type="button" role="tab" id="tab-${id}" aria-controls="panel"
          aria-selected=${id === shown.id ? "true" : "false"} tabindex=${id === shown.id ? 0 : -1}
          @click=${() => choose(id)}>${title}</button>`,
      )}
    </div>
    <div role="tabpanel" id="panel" aria-labelledby="tab-${shown.id}">${shown.content()}</div>`;
}
