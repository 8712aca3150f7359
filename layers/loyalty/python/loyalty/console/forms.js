// @ts-check
// Forms: labelled fields, mistakes at their field and in a summary, acts that happen once.

import { html, ifDefined, live, nothing } from "./lit.js";
import { Problem, Unreachable } from "./api.js";

/** @typedef {import("./types").Page} Page */
/** @typedef {import("./types").Content} Content */
/** @typedef {import("./types").FieldOptions} FieldOptions */
/** @typedef {Record<string, string | boolean>} Values by name; texts as they were typed */

/**
 * A form of a view. What is typed survives a reload and signing in again. A field's name is the JSON
 * pointer of its value in the request, without the first slash: `reason`, `profile/name`, `lines/0/id`.
 * So mistakes that the API names appear at their field.
 */
export class Form {
  /**
   * @param {Page} page
   * @param {string} name unique in the view
   * @param {object} options
   * @param {(body: any, key: string, values: Values) => Promise<any>} options.act sends the request.
   *   `key` stays the same while the body does, so a repetition cannot act twice
   * @param {(answer: any) => unknown} [options.done] runs after the act
   * @param {(body: any, values: Values) => ConfirmOptions | null | Promise<ConfirmOptions>} [options.confirm]
   *   asks first, maybe with what it has learned of the consequences
   * @param {(values: Values) => any} [options.body] the request's body, if not the values by pointer
   * @param {Values} [options.values] what the fields contain at first
   * @param {boolean} [options.keepsValues] what was typed stays after the act
   */
  constructor(page, name, { act, done, confirm: ask, body, values = {}, keepsValues = false }) {
    this.page = page;
    this.name = name;
    this.act = act;
    this.done = done;
    this.ask = ask;
    this.first = values;
    this.toBody = body;
    this.keepsValues = keepsValues;
    const kept = page.recall(name);
    /** @type {Values} */
    this.values = { ...values, ...kept?.values };
    /** @type {{ key: string, body: string } | null} the last request, until its outcome is known */
    this.sent = kept?.sent ?? null;
    /** @type {Problem | Unreachable | null} */
    this.problem = null;
    /** @type {Map<string, string>} mistakes by field */
    this.faults = new Map();
    this.isBusy = false;
    /** @type {Map<string, FieldOptions>} the fields of the last drawing */
    this.fields = new Map();
  }

  /** The whole form around its fields.
   * @param {Content} content @param {{ submit: string, more?: Content, isDanger?: boolean }} options */
  render(content, { submit, more = nothing, isDanger = false }) {
    return html`<form novalidate class="form" aria-busy=${this.isBusy ? "true" : nothing}
      @submit=${this.#onSubmit} @input=${this.#onInput} @change=${this.#onInput}>
      ${this.#summary()} ${content}
      <p class="actions">
        <button class=${isDanger ? "danger" : "primary"} ?disabled=${this.isBusy}>${submit}</button>
        ${more}
      </p>
    </form>`;
  }

  /** A labelled input. @param {FieldOptions} options */
  field(options) {
    const { name, type = "text" } = options;
    return this.#labelled(
      options,
      (about) => html`<input
        id=${this.idOf(name)} name=${name}
        type=${type === "integer" ? "text" : type}
        inputmode=${ifDefined(type === "integer" ? "numeric" : options.inputmode)}
        autocomplete=${options.autocomplete ?? "off"}
        ?required=${options.isRequired}
        min=${ifDefined(options.min)} max=${ifDefined(options.max)}
        maxlength=${ifDefined(options.maxlength)} pattern=${ifDefined(options.pattern)}
        list=${options.suggestions?.length ? `${this.idOf(name)}-list` : nothing}
        aria-describedby=${about} aria-invalid=${this.faults.has(name) ? "true" : nothing}
        .value=${live(this.text(name))} />
        ${this.#suggestions(options)}`,
    );
  }

  /** Values to choose from, beside what is typed. @param {FieldOptions} options */
  #suggestions({ name, suggestions = [] }) {
    return suggestions.length
      ? html`<datalist id="${this.idOf(name)}-list">${suggestions.map((value) => html`<option value=${value}></option>`)}</datalist>`
      : nothing;
  }

  /** @param {FieldOptions & { rows?: number }} options */
  textarea(options) {
    const { name } = options;
    return this.#labelled(
      options,
      (about) => html`<textarea
        id=${this.idOf(name)} name=${name} rows=${options.rows ?? 3}
        ?required=${options.isRequired} maxlength=${ifDefined(options.maxlength)}
        aria-describedby=${about} aria-invalid=${this.faults.has(name) ? "true" : nothing}
        .value=${live(this.text(name))}></textarea>`,
    );
  }

  /** @param {FieldOptions & { choices: [value: string, label: string][] }} options */
  select(options) {
    const { name, choices } = options;
    const chosen = this.text(name);
    return this.#labelled(
      options,
      (about) => html`<select id=${this.idOf(name)} name=${name} ?required=${options.isRequired}
        aria-describedby=${about} aria-invalid=${this.faults.has(name) ? "true" : nothing}>
        ${choices.map(
          ([value, label]) =>
            html`<option value=${value} .selected=${live(value === chosen)}>${label}</option>`,
        )}
      </select>`,
    );
  }

  /** @param {FieldOptions} options */
  checkbox(options) {
    const { name, label, hint } = options;
    this.fields.set(name, { ...options, type: "checkbox" });
    return html`<div class="field check">
      <label><input type="checkbox" id=${this.idOf(name)} name=${name}
        aria-describedby=${this.#about(options)} aria-invalid=${this.faults.has(name) ? "true" : nothing}
        .checked=${live(this.values[name] === true)} /> ${label}</label>
      ${this.#notes(name, hint)}
    </div>`;
  }

  /** @param {string} name */
  idOf(name) {
    return `${this.name}-${name.replaceAll("/", "-")}`;
  }

  /** What stands in a field. @param {string} name */
  text(name) {
    return String(this.values[name] ?? "");
  }

  /** Change what stands in fields. @param {Values} values */
  set(values) {
    Object.assign(this.values, values);
    this.#keep();
    this.page.redraw();
  }

  /** Forget what was typed. */
  clear() {
    this.values = { ...this.first };
    this.sent = null;
    this.problem = null;
    this.faults.clear();
    this.page.forget(this.name);
    this.page.redraw();
  }

  /** The values as a JSON body: empty texts are left out, and integers are numbers. */
  body() {
    if (this.toBody) return this.toBody(this.values);
    /** @type {any} */
    const body = {};
    for (const [name, { type }] of this.fields) {
      const value = this.values[name] ?? (type === "checkbox" ? false : "");
      if (value === "") continue;
      place(body, name.split("/"), type === "integer" ? Number(value) : value);
    }
    return body;
  }

  #onInput = (/** @type {Event} */ event) => {
    const input = /** @type {HTMLInputElement} */ (event.target);
    if (!input.name) return;
    this.values[input.name] = input.type === "checkbox" ? input.checked : input.value;
    this.#keep();
    if (event.type === "change") this.page.redraw();
  };

  #onSubmit = async (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    if (this.isBusy) return;
    const form = /** @type {HTMLFormElement} */ (event.currentTarget);
    this.isBusy = true;
    this.problem = null;
    this.faults = mistakes(form, this.fields);
    try {
      if (this.faults.size) return;
      await this.#submit();
    } finally {
      this.isBusy = false;
      this.page.redraw();
      if (this.problem || this.faults.size) this.#focusSummary();
    }
  };

  async #submit() {
    const body = this.body();
    try {
      const question = await this.ask?.(body, this.values);
      if (question && !(await confirm(question))) return;
      const text = JSON.stringify(body);
      if (this.sent?.body !== text) this.sent = { key: crypto.randomUUID(), body: text };
      this.#keep();
      this.page.redraw();
      const answer = await this.act(body, this.sent.key, this.values);
      if (this.keepsValues) this.sent = null;
      else this.clear();
      await this.done?.(answer);
    } catch (error) {
      if (!(error instanceof Problem || error instanceof Unreachable)) throw error;
      if (error instanceof Problem) {
        if (error.status === 401) return this.page.fail(error);
        // The outcome is known, so what is sent next is a request of its own.
        if (error.status < 500) this.sent = null;
        this.faults = new Map(
          error.faults.map(({ pointer, detail }) => [pointer.slice(1), detail]),
        );
      }
      this.problem = error;
      this.#keep();
    }
  }

  #keep() {
    const values = Object.entries(this.values).filter(([name]) => !this.fields.get(name)?.isSecret);
    this.page.remember(this.name, { values: Object.fromEntries(values), sent: this.sent });
  }

  #focusSummary() {
    const summary = document.getElementById(`${this.name}-errors`);
    summary?.focus();
  }

  #summary() {
    if (!this.problem && !this.faults.size) return nothing;
    const heading =
      this.problem instanceof Unreachable
        ? `${this.problem.message} Send it again: it cannot happen twice.`
        : this.problem && !(this.problem.faults.length && this.faults.size)
          ? this.problem.message
          : "Something has to be corrected.";
    return html`<div class="errors" id="${this.name}-errors" role="alert" tabindex="-1">
      <p>${heading}</p>
      ${this.faults.size ? html`<ul>${[...this.faults].map((fault) => this.#mistake(...fault))}</ul>` : nothing}
    </div>`;
  }

  /** @param {string} name @param {string} detail */
  #mistake(name, detail) {
    const field = this.fields.get(name);
    if (!field) return html`<li>${name ? `${name}: ` : ""}${detail}</li>`;
    const focus = (/** @type {Event} */ event) => {
      event.preventDefault();
      document.getElementById(this.idOf(name))?.focus();
    };
    return html`<li><a href=${location.hash} @click=${focus}>${field.label}: ${detail}</a></li>`;
  }

  /** @param {FieldOptions} options @param {(about: string | symbol) => Content} input */
  #labelled(options, input) {
    const { name, label, hint } = options;
    this.fields.set(name, options);
    return html`<div class="field">
      <label for=${this.idOf(name)}>${label}${options.isRequired ? nothing : html` <span class="optional">optional</span>`}</label>
      ${this.#notes(name, hint)} ${input(this.#about(options))}
    </div>`;
  }

  /** @param {string} name @param {Content} [hint] */
  #notes(name, hint) {
    const fault = this.faults.get(name);
    return html`${hint ? html`<p class="hint" id="${this.idOf(name)}-hint">${hint}</p>` : nothing}
    ${fault ? html`<p class="fault" id="${this.idOf(name)}-fault">${fault}</p>` : nothing}`;
  }

  /** @param {FieldOptions} options */
  #about({ name, hint }) {
    const notes = [hint && "hint", this.faults.has(name) && "fault"].filter(Boolean);
    return notes.length ? notes.map((note) => `${this.idOf(name)}-${note}`).join(" ") : nothing;
  }
}

/** Mistakes that a browser finds, by field. @param {HTMLFormElement} form
 * @param {Map<string, FieldOptions>} fields @returns {Map<string, string>} */
function mistakes(form, fields) {
  const found = new Map();
  for (const [name, { type, min, max, patternHint }] of fields) {
    const input = form.elements.namedItem(name);
    if (!(input instanceof HTMLElement) || !("validity" in input)) continue;
    const { validity, validationMessage, value } = /** @type {HTMLInputElement} */ (input);
    const integer = type === "integer" && value !== "" ? Number(value) : null;
    if (integer !== null && !Number.isSafeInteger(integer))
      found.set(name, "Enter a whole number.");
    else if (integer !== null && min !== undefined && integer < Number(min))
      found.set(name, `Enter ${min} or more.`);
    else if (integer !== null && max !== undefined && integer > Number(max))
      found.set(name, `Enter ${max} or less.`);
    else if (validity.valueMissing) found.set(name, "Fill this in.");
    else if (validity.patternMismatch && patternHint) found.set(name, patternHint);
    else if (!validity.valid) found.set(name, validationMessage);
  }
  return found;
}

/** Put a value at a JSON pointer. @param {any} into @param {string[]} parts @param {unknown} value */
function place(into, [first, ...rest], value) {
  if (!rest.length) into[first] = value;
  else place((into[first] ??= /^\d+$/.test(rest[0]) ? [] : {}), rest, value);
}

/**
 * @typedef {object} ConfirmOptions
 * @property {string} title what will happen, as a question: "Erase Ana?"
 * @property {string} text the consequences, in numbers
 * @property {string} action the button's words: "Erase"
 * @property {boolean} [isDanger]
 */

/** Ask before an act. @param {ConfirmOptions} options @returns {Promise<boolean>} */
export function confirm({ title, text, action, isDanger = false }) {
  const dialog = document.createElement("dialog");
  const heading = Object.assign(document.createElement("h2"), {
    id: "question",
    textContent: title,
  });
  const words = Object.assign(document.createElement("p"), { textContent: text });
  const actions = Object.assign(document.createElement("form"), {
    method: "dialog",
    className: "actions",
  });
  const yes = Object.assign(document.createElement("button"), {
    value: "yes",
    textContent: action,
  });
  const no = Object.assign(document.createElement("button"), { value: "", textContent: "Cancel" });
  yes.className = isDanger ? "danger" : "primary";
  no.autofocus = isDanger;
  dialog.setAttribute("aria-labelledby", heading.id);
  actions.append(yes, no);
  dialog.append(heading, words, actions);
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
  });
}
