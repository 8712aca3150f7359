// @ts-check
// The check of a draft by the API: mistakes, what it changes, and what that leads to.

import { html, nothing } from "./lit.js";
import { Problem } from "./api.js";
import { isPassing } from "./drafts.js";
import { placeWords } from "./schema_places.js";

/** @typedef {import("./types").Content} Content */
/** @typedef {import("./types").Page} Page */
/** @typedef {import("./schema_form.js").SchemaForm} SchemaForm */
/** @typedef {{ pointer: string, kind: "added" | "removed" | "changed", text: string }} Difference */
/** @typedef {{ pointer: string, code: string, detail: string }} Note */
/** @typedef {{ points_per_major_unit: number, points_per_unit: number, beside: number }} WorstCase */
/**
 * @typedef {object} Checked what the API finds; without mistakes it has a document with all defaults
 * @property {Note[]} faults
 * @property {Note[]} warnings
 * @property {Difference[]} changes
 * @property {any} document
 * @property {WorstCase | null} worst_case
 */
/** @typedef {{ problem: string, checked: Checked | null }} Outcome `problem`: why it was not checked */

const CHECK_AFTER_MS = 500;
const RETRY_AFTER_MS = 4_000;
const UNCHECKED = "It could not be checked, because the API does not answer.";

export class Check {
  /** @param {Page} page @param {(outcome: Outcome) => void} onOutcome */
  constructor(page, onOutcome) {
    this.page = page;
    this.onOutcome = onOutcome;
    /** @type {Outcome} */
    this.outcome = { problem: "", checked: null };
    this.isRunning = false;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    this.turn = 0;
    page.signal.addEventListener("abort", () => clearTimeout(this.timer));
  }

  /** Of the last document that was checked; empty until then. */
  get faults() {
    return this.outcome.checked?.faults ?? [];
  }

  /** The document with all defaults; null while there are mistakes, or nothing is known. */
  get document() {
    return this.outcome.checked?.document ?? null;
  }

  /** Check a document soon, against a version. @param {any} document @param {number} version */
  soon(document, version) {
    this.isRunning = true;
    this.#after(CHECK_AFTER_MS, document, version);
  }

  /** Check it now. The outcome of an earlier check no longer counts.
   * @param {any} document @param {number} version */
  async now(document, version) {
    clearTimeout(this.timer);
    this.turn += 1;
    const { turn } = this;
    this.isRunning = true;
    const outcome = await this.#ask(document, version);
    if (turn !== this.turn || this.page.signal.aborted) return;
    this.isRunning = false;
    this.outcome = outcome;
    if (outcome.problem === UNCHECKED) this.#after(RETRY_AFTER_MS, document, version);
    this.onOutcome(outcome);
  }

  /** @param {number} ms @param {any} document @param {number} version */
  #after(ms, document, version) {
    clearTimeout(this.timer);
    this.timer = setTimeout(
      () => this.now(document, version).catch((error) => this.page.fail(error)),
      ms,
    );
  }

  /** @param {any} document @param {number} version @returns {Promise<Outcome>} */
  async #ask(document, version) {
    try {
      const { body } = await this.page.api.request("POST", "/check", {
        body: document,
        query: { version },
      });
      return { problem: "", checked: body };
    } catch (error) {
      if (isPassing(error)) return { problem: UNCHECKED, checked: null };
      if (!(error instanceof Problem) || error.status === 401) throw error;
      return { problem: error.message, checked: null };
    }
  }
}

/** A summary of mistakes, each with a link to its field. @param {SchemaForm} form @param {Note[]} faults */
export function faultList(form, faults) {
  if (!faults.length) return nothing;
  const count = faults.length === 1 ? "One thing has" : `${faults.length} things have`;
  return html`<div class="errors" id="mistakes" tabindex="-1">
    <p>${count} to be corrected.</p>
    <ul>${faults.map(({ pointer, detail }) => html`<li>${placeLink(form, pointer)}: ${detail}</li>`)}</ul>
  </div>`;
}

/** @param {SchemaForm} form @param {Note[]} warnings */
export function warningList(form, warnings) {
  if (!warnings.length) return nothing;
  return html`<h3>Mind that</h3>
    <ul class="warnings">${warnings.map(({ pointer, detail }) => html`<li>${placeLink(form, pointer)}: ${detail}</li>`)}</ul>`;
}

/** The most that an order can earn. @param {WorstCase | null} most @param {Page} page */
export function worstCase(most, { format }) {
  if (!most) return nothing;
  const parts = [
    [most.points_per_major_unit, `for each ${format.minor(10 ** format.digits)}`],
    [most.points_per_unit, "for each unit of goods"],
    [most.beside, "beside that"],
  ]
    .filter(([points]) => points)
    .map(([points, what]) => `${format.points(Number(points))} ${what}`);
  return html`<p class="quiet">An order earns ${parts.length ? `${parts.join(", ")} at most` : "nothing"}.</p>`;
}

/** Differences in words; with a form, each leads to its place. @param {Difference[]} differences
 * @param {SchemaForm | null} form @param {string} empty */
export function differenceList(differences, form, empty) {
  if (!differences.length) return html`<p class="quiet">${empty}</p>`;
  const line = (/** @type {Difference} */ { pointer, text, kind }) =>
    html`<li>${form && kind !== "removed" ? link(form, pointer, text) : text}</li>`;
  return html`<ul class="differences">${differences.map(line)}</ul>`;
}

/** @param {SchemaForm} form @param {string} pointer */
function placeLink(form, pointer) {
  return link(form, pointer, placeWords(form, pointer));
}

/** @param {SchemaForm} form @param {string} pointer @param {string} text */
function link(form, pointer, text) {
  const go = (/** @type {Event} */ event) => {
    event.preventDefault();
    form.onReveal(pointer);
  };
  return html`<a href=${form.linkTo(pointer)} @click=${go}>${text}</a>`;
}
