// @ts-check
// A basket that somebody types in: what it would earn by a draft, and why not more.

import { html, nothing } from "./lit.js";
import { Form } from "./forms.js";
import { instantAt, wallTime } from "./moments.js";
import { namesIn } from "./basket_names.js";

/** @typedef {import("./types").Page} Page */
/** @typedef {import("./types").Content} Content */
/** @typedef {import("./program_editor.js").ProgramEditor} ProgramEditor */
/** @typedef {import("./forms.js").Values} Values */
/** @typedef {import("./types").Schema<"QuoteAnswer">} Quote */

const AMOUNT = "\\s*\\d+([.,]\\d{1,3})?\\s*";
const LINES_MAX = 20;
const RESULT = "earned";
const GUEST = "guest";
const WHO = /** @type {[string, string][]} */ ([
  [GUEST, "A guest, who is no member"],
  ["new", "A member who buys for the first time"],
  ["known", "A member who bought before"],
]);

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
        lines: "1",
        "order/lines/0/quantity": "1",
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
  }

  render() {
    const why = this.#obstacle();
    if (why) return html`<h2>Try it on a basket</h2><p class="quiet">${why}</p>`;
    return html`<h2>Try it on a basket</h2>
      ${this.form.render(html`${this.#goods()} ${this.#member()} ${this.#circumstances()}`, { submit: "What does it earn?" })}
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

  get #count() {
    return Math.min(LINES_MAX, Math.max(1, Number(this.form.text("lines")) || 1));
  }

  #goods() {
    const count = this.#count;
    const add = () =>
      this.form.set({ lines: String(count + 1), [`order/lines/${count}/quantity`]: "1" });
    return html`<fieldset><legend>Basket</legend>
      ${Array.from({ length: count }, (_, index) => this.#line(index, count))}
      ${count < LINES_MAX ? html`<button type="button" @click=${add}>Add goods</button>` : nothing}
    </fieldset>`;
  }

  /** @param {number} index @param {number} count */
  #line(index, count) {
    const { form, page } = this;
    const names = namesIn(this.editor.form.document);
    const at = (/** @type {string} */ name) => `order/lines/${index}/${name}`;
    const nth = count > 1 ? ` of goods ${index + 1}` : "";
    return html`<div class="goods">
      ${form.field({ name: at("amount"), label: `Amount${nth} in ${page.format.currency}`, inputmode: "decimal", pattern: AMOUNT, patternHint: "Enter an amount such as 12.50.", isRequired: true })}
      ${form.field({ name: at("quantity"), label: `Units${nth}`, type: "integer", min: 1, max: 1_000_000, isRequired: true })}
      ${form.field({ name: at("category"), label: `Category${nth}`, maxlength: 200, suggestions: names.categories })}
      ${form.field({ name: at("sku"), label: `SKU${nth}`, maxlength: 200, suggestions: names.skus })}
      ${count > 1 ? html`<button type="button" @click=${() => this.#remove(index)} aria-label="Remove goods ${index + 1}">Remove</button>` : nothing}
    </div>`;
  }

  /** Remove a line: those after it move up. @param {number} index */
  #remove(index) {
    const count = this.#count;
    /** @type {Values} */
    const moved = { lines: String(count - 1) };
    for (let place = index; place < count; place += 1) {
      for (const name of ["amount", "quantity", "category", "sku"]) {
        moved[`order/lines/${place}/${name}`] = this.form.text(`order/lines/${place + 1}/${name}`);
      }
    }
    this.form.set(moved);
  }

  #member() {
    const { form } = this;
    const { document } = this.editor.form;
    const levels = namesIn(document).levels;
    const isKnown = form.text("who") === "known";
    const joinable = namesIn(document).joinable;
    return html`<fieldset><legend>Who buys</legend>
      ${form.select({ name: "who", label: "Customer", choices: WHO, isRequired: true })}
      ${
        isKnown
          ? html`${form.field({ name: "member/orders", label: "Orders before", type: "integer", min: 1, max: 1_000_000, isRequired: true })}
            ${form.field({ name: "member/last_ordered_on", label: "Last ordered on", type: "date", isRequired: true })}
            ${form.field({ name: "member/enrolled_on", label: "Enrolled on", type: "date", isRequired: true })}`
          : nothing
      }
      ${form.text("who") !== GUEST && levels.length ? form.select({ name: "member/tier", label: "Level", choices: [["", "None"], ...levels] }) : nothing}
      ${form.text("who") === GUEST ? nothing : joinable.map(([id, name]) => form.checkbox({ name: `joined/${id}`, label: `Has joined ${name}` }))}
    </fieldset>`;
  }

  #circumstances() {
    const { form } = this;
    const names = namesIn(this.editor.form.document);
    return html`<details class="more"><summary>When, where, how <span class="quiet">channel, code, payment</span></summary>
      ${form.field({ name: "order/occurred_at", label: `When, in ${this.page.format.timeZone}`, type: "datetime-local", isRequired: true })}
      ${form.field({ name: "order/channel", label: "Channel", maxlength: 64, suggestions: names.channels })}
      ${form.field({ name: "order/codes", label: "Code", maxlength: 200, suggestions: names.codes })}
      ${form.field({ name: "order/location", label: "Location", maxlength: 64, suggestions: names.locations })}
      ${form.field({ name: "order/source", label: "Shop or till", maxlength: 64, suggestions: names.sources })}
      ${form.field({ name: "order/tenders", label: "Paid by", maxlength: 64, suggestions: names.tenders })}
    </details>`;
  }

  /** @param {Values} values */
  #body(values) {
    const { format } = this.page;
    const text = (/** @type {string} */ name) => String(values[name] ?? "").trim();
    const money = (/** @type {number} */ minor) => ({ amount: minor, currency: format.currency });
    const lines = Array.from({ length: this.#count }, (_, index) => {
      const of = (/** @type {string} */ name) => text(`order/lines/${index}/${name}`);
      return {
        line_id: String(index + 1),
        amount: money(format.minorOf(of("amount")) ?? 0),
        quantity: Number(of("quantity")),
        category: of("category") || null,
        sku: of("sku") || null,
      };
    });
    const paid = lines.reduce((sum, { amount }) => sum + amount.amount, 0);
    return {
      order: {
        occurred_at: instantAt(text("order/occurred_at"), format.timeZone),
        channel: text("order/channel") || null,
        location: text("order/location") || null,
        codes: [text("order/codes")].filter(Boolean),
        tenders: text("order/tenders")
          ? [{ kind: text("order/tenders"), amount: money(paid) }]
          : [],
        ...(text("order/source") ? { source: text("order/source") } : {}),
        lines,
      },
      member: this.#customer(values),
    };
  }

  /** @param {Values} values */
  #customer(values) {
    const who = values.who;
    if (who === GUEST) return null;
    const joined = namesIn(this.editor.form.document)
      .joinable.map(([id]) => id)
      .filter((id) => values[`joined/${id}`] === true);
    const tier = values["member/tier"] || null;
    if (who === "new") return { tier, joined };
    return {
      orders: Number(values["member/orders"]),
      last_ordered_on: values["member/last_ordered_on"],
      enrolled_on: values["member/enrolled_on"],
      tier,
      joined,
    };
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
  #result({ points, pending_points: pending, campaigns, breakdown }) {
    const { format } = this.page;
    const rules = new Map();
    const names = new Set(campaigns.map(({ id }) => id));
    for (const { rule_id: id, points: given } of breakdown) {
      if (!names.has(id)) rules.set(id, (rules.get(id) ?? 0) + given);
    }
    return html`<section class="panel result" id=${RESULT} role="status" aria-label="What it earns">
      ${this.isStale ? html`<p class="quiet">The program has changed since.</p>` : nothing}
      <p class="big">${format.points(points + pending)}</p>
      ${pending ? html`<p>${format.points(pending)} of them can be spent later.</p>` : nothing}
      <h3>Campaigns</h3>
      ${
        campaigns.length
          ? html`<ul class="verdicts">${firstThoseThatApply(campaigns).map(
              (each) => html`<li class=${each.applies ? "yes" : "no"}>
                <strong>${each.applies ? "✓" : "✗"} ${each.name}</strong><br />${each.text}</li>`,
            )}</ul>`
          : html`<p class="quiet">There are none.</p>`
      }
      <h3>Earning rules</h3>
      <dl class="facts">${[...rules].map(([id, given]) => html`<dt>${id}</dt><dd>${format.points(given)}</dd>`)}</dl>
    </section>`;
  }
}

/** @param {Quote["campaigns"]} campaigns */
function firstThoseThatApply(campaigns) {
  return campaigns.toSorted((one, other) => Number(other.applies) - Number(one.applies));
}
