// @ts-check
// Try a draft on real orders: what they would have earned by it.

import { html, nothing } from "./lit.js";
import { Form } from "./forms.js";
import { HoldoutReach } from "./holdout_reach.js";
import { trialResult } from "./trial_result.js";

/** @typedef {import("./program_editor.js").ProgramEditor} ProgramEditor */
/** @typedef {import("./types").Schema<"TrialAnswer">} Trial */

const RESULT = "tried";
const MEMBERS_MAX = 5_000;

export class DocumentTrial {
  /** @param {ProgramEditor} editor */
  constructor(editor) {
    const { page } = editor;
    this.editor = editor;
    this.page = page;
    /** @type {Trial | null} */
    this.trial = null;
    /** Whether the document has changed since. */
    this.isStale = false;
    this.reach = new HoldoutReach(editor);
    this.form = new Form(page, "trial", {
      values: { from: page.format.today(-365), to: page.format.today(-1) },
      keepsValues: true,
      act: (days) => this.#ask(days),
      done: () => {
        page.redraw();
        document.getElementById(RESULT)?.scrollIntoView({ block: "nearest" });
      },
    });
  }

  render() {
    const { json, check } = this.editor;
    const title = html`<h2>Try it on last year</h2>`;
    if (json.mistake) return html`${title}<p class="quiet">The JSON has to be corrected first.</p>`;
    if (check.faults.length)
      return html`${title}<p class="quiet">The mistakes, which stand under Changes, have to be corrected first.</p>`;
    const days = html`${this.form.field({ name: "from", label: "From", type: "date", isRequired: true })}
      ${this.form.field({ name: "to", label: "To", type: "date", isRequired: true })}
      ${this.form.checkbox({ name: "all", label: "All members", hint: "It takes minutes and goes on if you leave this page. The result is under Trials." })}`;
    return html`${title}
      <p class="quiet">Real orders earn again by the rules of this draft. Nobody's points change.</p>
      ${this.form.render(days, { submit: "What would it have cost?" })}
      ${this.form.isBusy ? html`<p role="status">Trying it on as many members as fifteen seconds allow…</p>` : nothing}
      ${this.trial ? this.#result(this.trial) : nothing}
      ${this.reach.render()}`;
  }

  /** @param {any} days */
  async #ask({ all, ...days }) {
    const { form } = this.editor;
    const document = form.document;
    const { body } = await this.page.api.request("POST", "/trials", {
      body: { document, ...days, members_max: all ? null : MEMBERS_MAX },
    });
    if (all) return this.page.go(this.page.link("trials", body.id));
    this.trial = body;
    this.isStale = form.document !== document;
  }

  /** @param {Trial} trial */
  #result(trial) {
    return html`<section class="panel result" id=${RESULT} aria-label="What it would have cost">
      ${this.isStale ? html`<p class="quiet">The program has changed since.</p>` : nothing}
      ${trialResult(this.page, trial, this.editor.form.document)}
    </section>`;
  }
}
