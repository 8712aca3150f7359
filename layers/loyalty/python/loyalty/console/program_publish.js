// @ts-check
// Publishing a draft: why, and then with the version that it replaces.

import { html } from "./lit.js";
import { Problem } from "./api.js";
import { Form } from "./forms.js";
import { isEqual } from "./pointer.js";

/** @typedef {import("./program_editor.js").ProgramEditor} ProgramEditor */

export class Publication {
  /** @param {ProgramEditor} editor */
  constructor(editor) {
    this.editor = editor;
    /** @type {any} what was sent, until its outcome is known */
    this.sent = null;
    this.form = new Form(editor.page, "publish", {
      act: (_body, _key, { note }) => this.#publish(String(note ?? "").trim()),
      done: (published) => this.finish(published),
    });
  }

  render() {
    const why = this.#obstacle();
    if (why) return html`<p class="quiet">${why}</p>`;
    const { basedOn } = this.editor;
    return this.form.render(
      this.form.textarea({
        name: "note",
        label: "Why",
        hint: "For the list of versions, so that a colleague understands it later.",
        maxlength: 500,
        rows: 2,
      }),
      { submit: `Publish as version ${basedOn + 1}`, more: this.#tryFirst() },
    );
  }

  #tryFirst() {
    const choose = () => this.editor.choose("trial");
    return html`<button type="button" @click=${choose}>Try it on last year</button>`;
  }

  /** Why it cannot be published yet. */
  #obstacle() {
    const { check, json, rebase, basedOn } = this.editor;
    if (json.mistake) return "The JSON has to be corrected first.";
    if (rebase.newer)
      return "First put your changes on top of the version that was published meanwhile.";
    if (check.faults.length) return "This can be published once the mistakes are corrected.";
    if (!check.document) return "This can be published once it has been checked.";
    return this.editor.changes.length
      ? ""
      : `There is nothing to publish: it says what version ${basedOn} says.`;
  }

  /** @param {string} note */
  async #publish(note) {
    const { page, form, basedOn, rebase, draft, check } = this.editor;
    if (check.isRunning) await check.now(form.document, basedOn);
    // The draft is what is left if publishing fails.
    await draft?.flush();
    this.sent = check.document;
    try {
      const { body } = await page.api.request("PUT", "", {
        body: form.document,
        ifMatch: `"${basedOn}"`,
        query: { note: note || null },
      });
      return body;
    } catch (error) {
      if (error instanceof Problem && error.status < 500) this.sent = null;
      if (error instanceof Problem && error.status === 412) await rebase.look();
      throw error;
    }
  }

  /** Whether a version is what was published here, though the answer was lost.
   * @param {{ published_by: string | null }} version @param {any} document */
  isMine({ published_by: by }, document) {
    return this.sent !== null && by === this.editor.page.subject && isEqual(document, this.sent);
  }

  /** A version was published: go there. @param {{ version: number, published_at: string }} published */
  async finish({ version, published_at: publishedAt }) {
    const { page, draft, check, form } = this.editor;
    page.learnProgram({
      version,
      published_at: publishedAt,
      document: check.document ?? form.document,
    });
    this.form.clear();
    page.announce(`Version ${version} is in force. It reaches every till within 30 seconds.`);
    await draft?.remove();
    page.go(page.link("versions", String(version)));
  }
}
