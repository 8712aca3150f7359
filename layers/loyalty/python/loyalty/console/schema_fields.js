// @ts-check
// Single values of a document as inputs: texts, numbers, money, days, yes or no, one of a few.

import { html, live, nothing } from "./lit.js";
import { aboutOf, faultNote, prose } from "./schema_parts.js";
import { mistakeIn } from "./schema_values.js";

/** @typedef {import("./types").Content} Content */
/** @typedef {import("./schema.js").Shape} Shape */
/** @typedef {import("./schema_form.js").SchemaForm} SchemaForm */
/** @typedef {import("./schema_form.js").Spot} Spot */
/** @typedef {import("./form_words").Typing} Typing */

const LONG = 300;
const COLOR = "^#[0-9A-Fa-f]{6}$";
const TIME_OF_DAY = "^([01][0-9]|2[0-3]):[0-5][0-9]$";

/** An input with its label, hint and mistake. @param {SchemaForm} form @param {Spot} spot */
export function control(form, spot) {
  const { shape, pointer, id, value, label, isRequired } = spot;
  const shown = value === undefined ? shape.fallback : value;
  if (shape.kind === "boolean") return checkbox(form, spot, shown === true);
  const choices = choicesOf(form, spot, shown);
  const typing = choices ? null : typingOf(form, spot, shown);
  const hint = hintOf(form, spot, typing);
  const faults = [mistakeIn(shape, value, isRequired, typing?.write), ...form.faultsAt(pointer)];
  const isWrong = faults.some(Boolean);
  const state = {
    about: aboutOf(id, hint !== nothing, faults),
    invalid: isWrong ? "true" : nothing,
  };
  return html`<div class="field">
    <label for=${id}>${label}${typing?.unit ? html` <span class="optional">${typing.unit}</span>` : nothing}</label>
    ${hint === nothing ? nothing : html`<p class="hint" id="${id}-hint">${hint}</p>`}
    ${faultNote(id, faults)}
    ${choices ? select(form, spot, choices, shown, state) : input(form, spot, /** @type {Typing} */ (typing), shown, state)}
  </div>`;
}

/** @typedef {{ about: string | symbol, invalid: string | symbol }} InputState */

/** @param {SchemaForm} form @param {Spot} spot @param {boolean} isChecked */
function checkbox(form, { pointer, id, shape, label }, isChecked) {
  const faults = form.faultsAt(pointer);
  const change = (/** @type {Event} */ event) =>
    form.change(pointer, /** @type {HTMLInputElement} */ (event.currentTarget).checked);
  return html`<div class="field check">
    <label><input type="checkbox" id=${id} @change=${change} .checked=${live(isChecked)}
      aria-describedby=${aboutOf(id, Boolean(shape.description), faults)}
      aria-invalid=${faults.length ? "true" : nothing} /> ${label}</label>
    ${shape.description ? html`<p class="hint" id="${id}-hint">${prose(shape.description)}</p>` : nothing}
    ${faultNote(id, faults)}
  </div>`;
}

/** @param {SchemaForm} form @param {Spot} spot @param {[any, string][]} choices @param {any} shown
 * @param {InputState} state */
function select(form, { pointer, id, shape, isRequired }, choices, shown, { about, invalid }) {
  const change = (/** @type {Event} */ event) => {
    const index =
      /** @type {HTMLSelectElement} */ (event.currentTarget).selectedIndex - (mayBeEmpty ? 1 : 0);
    form.change(pointer, index < 0 ? emptyOf(shape, isRequired) : choices[index][0]);
  };
  const isListed = choices.some(([value]) => value === shown);
  const mayBeEmpty = shape.isNullable || !isListed;
  const empty = shown === null || shown === undefined ? "Not set" : String(shown);
  return html`<select id=${id} @change=${change} aria-describedby=${about} aria-invalid=${invalid}>
    ${mayBeEmpty ? html`<option value="" .selected=${live(!isListed)}>${isListed ? "Not set" : empty}</option>` : nothing}
    ${choices.map(
      ([value, label]) =>
        html`<option value=${String(value)} .selected=${live(value === shown)}>${label}</option>`,
    )}
  </select>`;
}

/** @param {SchemaForm} form @param {Spot} spot @param {Typing} typing @param {any} shown @param {InputState} state */
function input(
  form,
  { pointer, id, shape, isRequired },
  { type, write, read },
  shown,
  { about, invalid },
) {
  const text = form.textOf(pointer, shown === null || shown === undefined ? "" : write(shown));
  const onInput = (/** @type {Event} */ event) => {
    const typed = /** @type {HTMLInputElement} */ (event.currentTarget).value;
    if (typed !== text)
      form.type(pointer, typed, typed === "" ? emptyOf(shape, isRequired) : read(typed));
  };
  const onChange = () => form.stopTyping();
  const isLong = shape.kind === "string" && (shape.node.maxLength ?? 0) > LONG;
  if (isLong || text.includes("\n")) {
    return html`<textarea id=${id} rows=${Math.min(12, Math.max(3, text.split("\n").length + 1))}
      aria-describedby=${about} aria-invalid=${invalid} @input=${onInput} @change=${onChange} .value=${live(text)}></textarea>`;
  }
  return html`<input id=${id} type=${type} autocomplete="off" aria-describedby=${about} aria-invalid=${invalid}
    inputmode=${shape.kind === "integer" ? (type === "text" ? "decimal" : "numeric") : nothing}
    @input=${onInput} @change=${onChange} .value=${live(text)} />`;
}

/** What an emptied input means. @param {Shape} shape @param {boolean} isRequired */
function emptyOf(shape, isRequired) {
  if (shape.isNullable) return null;
  if (!isRequired) return undefined;
  return shape.kind === "string" ? "" : null;
}

/** The values that can be chosen, with their labels; null if something is typed.
 * @param {SchemaForm} form @param {Spot} spot @param {any} shown @returns {[any, string][] | null} */
function choicesOf(form, { shape, field }, shown) {
  if (shape.kind === "enum") return shape.values.map((value) => [value, form.words.choice(value)]);
  const names = form.words.names(field, form.document);
  if (!names) return null;
  return shown && !names.some(([value]) => value === shown)
    ? [...names, [shown, String(shown)]]
    : names;
}

/** @param {SchemaForm} form @param {Spot} spot @param {any} shown @returns {Typing} */
function typingOf(form, { shape, field }, shown) {
  const { pattern, format } = shape.node;
  const text = { type: "text", write: String, read: (/** @type {string} */ typed) => typed };
  if (shape.kind === "integer") {
    const money = form.words.money(field, form.document);
    if (!money) return { ...text, read: readInteger };
    return {
      type: "text",
      unit: `in ${money.currency}`,
      write: (value) => (Number.isSafeInteger(value) ? money.written(value) : String(value)),
      read: (typed) => money.minorOf(typed) ?? typed,
    };
  }
  const isText = typeof shown === "string";
  if (format === "date" && (!isText || /^\d{4}-\d\d-\d\d$/.test(shown) || !shown))
    return { ...text, type: "date" };
  if (format === "date-time") return form.words.moment(form.document, shown) ?? text;
  if (pattern === TIME_OF_DAY && (!shown || new RegExp(TIME_OF_DAY).test(shown)))
    return { ...text, type: "time" };
  if (pattern === COLOR && isText && new RegExp(COLOR).test(shown)) {
    return {
      type: "color",
      write: (value) => value.toLowerCase(),
      read: (typed) => typed.toUpperCase(),
    };
  }
  return text;
}

/** @param {string} typed */
function readInteger(typed) {
  return /^\s*-?\d{1,15}\s*$/.test(typed) ? Number(typed) : typed;
}

/** The description, and the bounds that it does not state. @param {SchemaForm} form @param {Spot} spot
 * @param {Typing | null} typing */
function hintOf(form, { shape, field }, typing) {
  const { minimum, maximum } = shape.node;
  const write = typing?.write ?? String;
  const isBounded =
    shape.kind === "integer" &&
    minimum !== undefined &&
    maximum !== undefined &&
    maximum < 1_000_000;
  const bounds = isBounded ? ` From ${write(minimum)} to ${write(maximum)}.` : "";
  const text = form.words.hint(field) ?? shape.description;
  return text || bounds ? prose(`${text}${bounds}`, "empty") : nothing;
}
