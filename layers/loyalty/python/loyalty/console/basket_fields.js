// @ts-check
// The fields of a basket that is tried: goods, who buys, the circumstances, and what comes back.

import { html, nothing } from "./lit.js";
import { namesIn } from "./basket_names.js";
import { Rows } from "./basket_rows.js";
import { CODES, CODES_MAX, LINES, LINES_MAX, TENDERS, TENDERS_MAX } from "./basket_body.js";
import { AMOUNT } from "./till_forms.js";

/** @typedef {import("./types").Page} Page */
/** @typedef {import("./types").Content} Content */
/** @typedef {import("./forms.js").Form} Form */

const PATTERN_HINT = "Enter an amount such as 12.50.";
const UNITS_MAX = 1_000_000;
const WHO = /** @type {[string, string][]} */ ([
  ["guest", "A guest, who is no member"],
  ["new", "A member who buys for the first time"],
  ["known", "A member who bought before"],
]);
const BACK = /** @type {[string, string][]} */ ([
  ["", "Nothing"],
  ["units", "Some units"],
  ["amount", "An amount of money"],
  ["all", "Everything"],
]);

export class BasketFields {
  /** @param {Page} page @param {Form} form @param {() => any} document the program's document now */
  constructor(page, form, document) {
    this.page = page;
    this.form = form;
    this.document = document;
    this.lines = new Rows(form, LINES, {
      names: ["amount", "quantity", "category", "sku", "brand", "tags", "back"],
      first: { quantity: "1" },
      most: LINES_MAX,
    });
    this.codes = new Rows(form, CODES, { most: CODES_MAX });
    this.tenders = new Rows(form, TENDERS, { names: ["kind", "amount"], most: TENDERS_MAX });
  }

  get names() {
    return namesIn(this.document());
  }

  render() {
    return html`${this.#goods()} ${this.#member()} ${this.#refund()} ${this.#circumstances()}`;
  }

  #goods() {
    const { lines } = this;
    return html`<fieldset><legend>Basket</legend>
      ${lines.map((index) => this.#line(index))} ${add(lines, "Add goods")}
    </fieldset>`;
  }

  /** @param {number} index */
  #line(index) {
    const { form, lines, names, page } = this;
    const at = (/** @type {string} */ name) => lines.field(index, name);
    const nth = ofNth(lines, index);
    return html`<div class="goods">
      ${form.field({ name: at("amount"), label: `Amount${nth} in ${page.format.currency}`, inputmode: "decimal", pattern: AMOUNT, patternHint: PATTERN_HINT, isRequired: true })}
      ${form.field({ name: at("quantity"), label: `Units${nth}`, type: "integer", min: 1, max: UNITS_MAX, isRequired: true })}
      ${form.field({ name: at("category"), label: `Category${nth}`, maxlength: 200, suggestions: names.categories })}
      ${form.field({ name: at("sku"), label: `SKU${nth}`, maxlength: 200, suggestions: names.skus })}
      ${names.brands.length ? form.field({ name: at("brand"), label: `Brand${nth}`, maxlength: 200, suggestions: names.brands }) : nothing}
      ${names.tags.length ? form.field({ name: at("tags"), label: `Tag${nth}`, maxlength: 200, suggestions: names.tags }) : nothing}
      ${remove(lines, index, `Remove goods ${index + 1}`)}
    </div>`;
  }

  #member() {
    const { form } = this;
    const { levels, joinable, offerable } = this.names;
    const who = form.text("who");
    return html`<fieldset><legend>Who buys</legend>
      ${form.select({ name: "who", label: "Customer", choices: WHO, isRequired: true })}
      ${
        who === "known"
          ? html`${form.field({ name: "member/orders", label: "Orders before", type: "integer", min: 1, max: 1_000_000, isRequired: true })}
            ${form.field({ name: "member/last_ordered_on", label: "Last ordered on", type: "date", isRequired: true })}
            ${form.field({ name: "member/enrolled_on", label: "Enrolled on", type: "date", isRequired: true })}`
          : nothing
      }
      ${who !== "guest" && levels.length ? form.select({ name: "member/tier", label: "Level", choices: [["", "None"], ...levels] }) : nothing}
      ${who === "guest" ? nothing : joinable.map(([id, name]) => form.checkbox({ name: `joined/${id}`, label: `Has joined ${name}` }))}
      ${who === "guest" ? nothing : offerable.map(([id, name]) => form.checkbox({ name: `offered/${id}`, label: `Was offered ${name}` }))}
    </fieldset>`;
  }

  #refund() {
    const { form, lines, page } = this;
    const back = form.text("back");
    const units = (/** @type {number} */ index) =>
      form.field({
        name: lines.field(index, "back"),
        label: `Units${ofNth(lines, index)} that come back`,
        type: "integer",
        min: 0,
        max: UNITS_MAX,
      });
    return html`<fieldset><legend>A refund</legend>
      ${form.select({ name: "back", label: "What comes back", choices: BACK })}
      ${back === "units" ? html`<div class="goods">${lines.map(units)}</div>` : nothing}
      ${back === "amount" ? form.field({ name: "refund/amount", label: `Refunded in ${page.format.currency}`, inputmode: "decimal", pattern: AMOUNT, patternHint: PATTERN_HINT, isRequired: true }) : nothing}
    </fieldset>`;
  }

  #circumstances() {
    const { form, names } = this;
    return html`<details class="more"><summary>When, where, how <span class="quiet">channel, codes, payment</span></summary>
      ${form.field({ name: "order/occurred_at", label: `When, in ${this.page.format.timeZone}`, type: "datetime-local", isRequired: true })}
      ${form.field({ name: "order/channel", label: "Channel", maxlength: 64, suggestions: names.channels })}
      ${form.field({ name: "order/location", label: "Location", maxlength: 64, suggestions: names.locations })}
      ${form.field({ name: "order/source", label: "Shop or till", maxlength: 64, suggestions: names.sources })}
      ${this.#codes()} ${this.#tenders()}
    </details>`;
  }

  #codes() {
    const { codes, form, names } = this;
    const nth = (/** @type {number} */ index) => (codes.count > 1 ? ` ${index + 1}` : "");
    return html`<fieldset><legend>Codes</legend>
      ${codes.map(
        (index) => html`<div class="goods">
          ${form.field({ name: codes.field(index), label: `Code${nth(index)}`, maxlength: 200, suggestions: names.codes })}
          ${remove(codes, index, `Remove code ${index + 1}`)}
        </div>`,
      )}
      ${add(codes, "Add a code")}
    </fieldset>`;
  }

  #tenders() {
    const { form, names, page, tenders } = this;
    const nth = (/** @type {number} */ index) => (tenders.count > 1 ? ` ${index + 1}` : "");
    return html`<fieldset><legend>Payment</legend>
      <p class="hint">A means of payment without an amount paid the rest.</p>
      ${tenders.map(
        (index) => html`<div class="goods">
          ${form.field({ name: tenders.field(index, "kind"), label: `Paid by${nth(index)}`, maxlength: 64, suggestions: names.tenders })}
          ${form.field({ name: tenders.field(index, "amount"), label: `How much${nth(index)}, in ${page.format.currency}`, inputmode: "decimal", pattern: AMOUNT, patternHint: PATTERN_HINT })}
          ${remove(tenders, index, `Remove payment ${index + 1}`)}
        </div>`,
      )}
      ${add(tenders, "Add a payment")}
    </fieldset>`;
  }
}

/** Which goods a field is about, if there are several. @param {Rows} lines @param {number} index */
function ofNth(lines, index) {
  return lines.count > 1 ? ` of goods ${index + 1}` : "";
}

/** @param {Rows} rows @param {string} label */
function add(rows, label) {
  return rows.isFull
    ? nothing
    : html`<button type="button" @click=${() => rows.add()}>${label}</button>`;
}

/** @param {Rows} rows @param {number} index @param {string} label */
function remove(rows, index, label) {
  return rows.count > 1
    ? html`<button type="button" @click=${() => rows.remove(index)} aria-label=${label}>Remove</button>`
    : nothing;
}
