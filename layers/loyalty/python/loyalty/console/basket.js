// @ts-check
// A basket that somebody types in: what it would earn by a draft and why not more, and what a
// refund of it would take.

import { html, nothing } from "./lit.js";
import { Form } from "./forms.js";
import { wallTime } from "./moments.js";
import { namesIn } from "./basket_names.js";
import { basketBody, CODES, LINES, TENDERS } from "./basket_body.js";
import { BasketFields } from "./basket_fields.js";
import { earned } from "./basket_result.js";

/** @typedef {import("./types").Page} Page */
/** @typedef {import("./program_editor.js").ProgramEditor} ProgramEditor */
/** @typedef {import("./forms.js").Values} Values */
/** @typedef {import("./basket_result.js").Quote} Quote */

const RESULT = "earned";

export class Basket {
  /** @param {ProgramEditor} editor */
  constructor(editor) {
    const { page } = editor;
    this.editor = editor;
    this.page = page;
    /** @type {Quote | null} */
    this.quote = null;
    /** Whether the document has changed since. */
    this.isStale = false;
    this.form = new Form(page, "basket", {
      values: {
        [LINES]: "1",
        [CODES]: "1",
        [TENDERS]: "1",
        [`${LINES}/0/quantity`]: "1",
        "order/occurred_at": wallTime(new Date().toISOString(), page.format.timeZone),
        who: "new",
        "member/orders": "2",
        "member/last_ordered_on": page.format.today(-30),
        "member/enrolled_on": page.format.today(-90),
      },
      keepsValues: true,
      body: (values) => this.#body(values),
      act: (body) => this.#ask(body),
      done: () => {
        page.redraw();
        document.getElementById(RESULT)?.scrollIntoView({ block: "nearest" });
      },
    });
    this.fields = new BasketFields(page, this.form, () => editor.form.document);
  }

  render() {
    const why = this.#obstacle();
    if (why) return html`<h2>Try it on a basket</h2><p class="quiet">${why}</p>`;
    return html`<h2>Try it on a basket</h2>
      ${this.form.render(this.fields.render(), { submit: "What does it earn?" })}
      ${this.quote ? this.#result(this.quote) : nothing}`;
  }

  /** Why it cannot be tried yet. */
  #obstacle() {
    const { json, check } = this.editor;
    if (json.mistake) return "The JSON has to be corrected first.";
    return check.faults.length
      ? "The mistakes, which stand under Changes, have to be corrected first."
      : "";
  }

  /** @param {Values} values */
  #body(values) {
    const { format } = this.page;
    const { joinable, offerable } = namesIn(this.editor.form.document);
    const units = {
      currency: format.currency,
      timeZone: format.timeZone,
      minorOf: (/** @type {string} */ text) => format.minorOf(text),
    };
    return basketBody(values, units, { joined: joinable, offered: offerable });
  }

  /** @param {any} body */
  async #ask(body) {
    const { form } = this.editor;
    const document = form.document;
    const answer = await this.page.api.request("POST", "/check/quote", {
      body: { document, ...body },
    });
    this.quote = answer.body;
    this.isStale = form.document !== document;
  }

  /** @param {Quote} quote */
  #result(quote) {
    return html`<section class="panel result" id=${RESULT} role="status" aria-label="What it earns">
      ${this.isStale ? html`<p class="quiet">The program has changed since.</p>` : nothing}
      ${earned(this.page, quote)}
    </section>`;
  }
}
