// @ts-check
// Jobs that the API does on its own, exports and trials: their state, and reading it again.

import { html } from "./lit.js";

/** @typedef {import("./types").Page} Page */

const READ_AGAIN_MS = 3_000;

/** @param {{ state: string }} job */
export function isUnderWay({ state }) {
  return state === "queued" || state === "running";
}

/** Read jobs again as long as it is needed, until the person leaves the view.
 * @param {Page} page @param {() => boolean} isNeeded @param {() => Promise<void>} read */
export function readAgain(page, isNeeded, read) {
  const timer = setInterval(async () => {
    if (isNeeded()) await read().catch((error) => page.fail(error));
  }, READ_AGAIN_MS);
  page.signal.addEventListener("abort", () => clearInterval(timer), { once: true });
}

/** A state, and why a job failed.
 * @param {{ state: string, reason?: { detail?: string | null } | null }} job */
export function stateOf({ state, reason }) {
  if (state === "failed") return html`<span class="tag bad">failed</span> ${reason?.detail}`;
  return html`<span class="tag">${state}</span>`;
}
