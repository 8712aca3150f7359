// @ts-check
// Mails as members will get them, with the words and the look of a draft.
//
// A mail has styles of its own, which the policy of the console forbids. So it is shown in a frame
// with a policy of its own, which lets the mail have styles but no scripts.

import { html, nothing, ref } from "./lit.js";
import { Problem } from "./api.js";
import { humanized } from "./program_words.js";

/** @typedef {import("./types").Page} Page */
/** @typedef {import("./schema_form.js").SchemaForm} SchemaForm */
/** @typedef {{ subject: string, html: string, text: string }} Mail */

const FRAME = new URL("./frames/mail", import.meta.url).href;

export class MailPreview {
  /** @param {Page} page @param {SchemaForm} form */
  constructor(page, form) {
    this.page = page;
    this.form = form;
    this.kind = this.kinds[0];
    this.locale = "";
    /** @type {Mail | null} */
    this.mail = null;
    this.problem = "";
    /** Whether the document has changed since. */
    this.isStale = true;
    this.turn = 0;
    /** @type {HTMLIFrameElement | undefined} */
    this.frame = undefined;
    addEventListener("message", (event) => this.#hear(event), { signal: page.signal });
  }

  /** @returns {string[]} */
  get kinds() {
    return this.form.schema.root.$defs?.MessageTemplate?.properties?.kind?.enum ?? [];
  }

  /** The languages that some message has words in. @returns {string[]} */
  get locales() {
    const { locale, templates } = this.form.document.messages ?? {};
    const named = Array.isArray(templates)
      ? templates.map((/** @type {any} */ each) => each?.locale)
      : [];
    return [...new Set([locale, ...named])].filter((each) => typeof each === "string" && each);
  }

  /** Read the mail, if the document has changed since it was read. */
  async load() {
    if (!this.isStale) return;
    this.isStale = false;
    this.turn += 1;
    const { turn, kind, locale } = this;
    try {
      const { body } = await this.page.api.request("POST", "/messages/preview", {
        body: { kind, locale: locale || null, document: this.form.document },
      });
      if (turn !== this.turn) return;
      Object.assign(this, { mail: body, problem: "" });
      this.#send();
    } catch (error) {
      if (!(error instanceof Problem) || error.status === 401) return this.page.fail(error);
      if (turn === this.turn) Object.assign(this, { mail: null, problem: error.message });
    }
    this.page.redraw();
  }

  render() {
    if (this.isStale) queueMicrotask(() => this.load());
    const { mail } = this;
    return html`<div class="controls">
        ${this.#select(
          "Mail",
          this.kinds.map((kind) => [kind, humanized(kind)]),
          this.kind,
          (kind) => (this.kind = kind),
        )}
        ${this.#select("Language", [["", "None"], ...this.locales.map((each) => [each, each])], this.locale, (locale) => (this.locale = locale))}
      </div>
      ${this.problem ? html`<p class="refused">${this.problem}</p>` : nothing}
      ${
        mail
          ? html`<dl class="facts"><dt>Subject</dt><dd>${mail.subject}</dd></dl>
            <iframe class="mail" title="The mail" sandbox="allow-scripts" src=${FRAME} height="480"
              @load=${() => this.#send()} ${ref((frame) => (this.frame = /** @type {any} */ (frame)))}></iframe>
            <details><summary>As plain text</summary><pre>${mail.text}</pre></details>`
          : nothing
      }`;
  }

  /** @param {string} label @param {string[][]} choices @param {string} chosen @param {(value: string) => void} choose */
  #select(label, choices, chosen, choose) {
    const change = (/** @type {Event} */ event) => {
      choose(/** @type {HTMLSelectElement} */ (event.currentTarget).value);
      this.isStale = true;
      this.load();
    };
    return html`<label>${label} <select @change=${change}>
      ${choices.map(([value, text]) => html`<option value=${value} .selected=${value === chosen}>${text}</option>`)}
    </select></label>`;
  }

  /** Give the frame what to show. Its origin is nobody's, so the message names none. */
  #send() {
    if (this.mail) this.frame?.contentWindow?.postMessage({ html: this.mail.html }, "*");
  }

  /** The frame says how high the mail is. @param {MessageEvent} event */
  #hear({ source, data }) {
    const height = Number(data?.height);
    if (!this.frame || source !== this.frame.contentWindow || !(height > 0)) return;
    this.frame.height = String(Math.min(Math.ceil(height), 4000));
  }
}
