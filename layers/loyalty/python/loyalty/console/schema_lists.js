// @ts-check
// Lists in a form: as checkboxes, as lines of text, or as entries that can be unfolded.

import { html, live, nothing } from "./lit.js";
import { isEqual } from "./pointer.js";
import { entries } from "./schema_entries.js";
import { faultNote, group, prose } from "./schema_parts.js";

/** @typedef {import("./types").Content} Content */
/** @typedef {import("./schema.js").Shape} Shape */
/** @typedef {import("./schema_form.js").SchemaForm} SchemaForm */
/** @typedef {import("./schema_form.js").Spot} Spot */

/** @param {SchemaForm} form @param {Spot} spot its value is an array @returns {Content} */
export function list(form, spot) {
  const { shape, value, field } = spot;
  const item = /** @type {Shape} */ (shape.item);
  const names = namesOf(form, item, field);
  if (names) return checkboxes(form, spot, names);
  const isLines =
    (item.kind === "string" || item.kind === "integer") &&
    !item.isNullable &&
    value.every(isOneLine);
  return isLines ? lines(form, spot, item) : entries(form, spot, item);
}

/** The values that an entry can have, if there are only a few.
 * @param {SchemaForm} form @param {Shape} item @param {string} field @returns {[any, string][] | null} */
function namesOf(form, item, field) {
  if (item.kind !== "enum") return form.words.names(field, form.document);
  return item.values.map((each) => [each, form.words.choice(each)]);
}

/** @param {any} value */
const isOneLine = (value) =>
  typeof value === "number" ||
  (typeof value === "string" && !/[\r\n]/.test(value) && value.trim() === value && value !== "");

/** A list of a few known values. @param {SchemaForm} form @param {Spot} spot @param {[any, string][]} names */
function checkboxes(form, spot, names) {
  const { pointer, value } = spot;
  const others = value
    .filter((/** @type {any} */ each) => !names.some(([name]) => name === each))
    .map((/** @type {any} */ each) => [each, String(each)]);
  const all = [...names, ...others];
  const choose = (/** @type {any} */ name) => (/** @type {Event} */ event) => {
    const { checked } = /** @type {HTMLInputElement} */ (event.currentTarget);
    const rest = value.filter((/** @type {any} */ each) => each !== name);
    const order = all.map(([each]) => each);
    form.change(pointer, checked ? withOne(rest, name, order) : rest);
  };
  const boxes = all.map(
    ([name, label]) => html`<label class="choice"><input type="checkbox" @change=${choose(name)}
      .checked=${live(value.includes(name))} /> ${label}</label>`,
  );
  const inner = form.faultsIn(pointer).filter(([place]) => place !== pointer);
  return group(
    form,
    spot,
    html`${inner.map(([place, faults]) => faultNote(form.idOf(place), faults))}<div class="choices-row">${boxes.length ? boxes : html`<span class="quiet">There are none to choose.</span>`}</div>`,
  );
}

/** The values with one more, in their order if they have one.
 * @param {any[]} values @param {any} one @param {any[]} order */
function withOne(values, one, order) {
  const isOrdered = isEqual(values, inOrder(values, order));
  return isOrdered ? inOrder([...values, one], order) : [...values, one];
}

/** @param {any[]} values @param {any[]} order */
const inOrder = (values, order) => order.filter((each) => values.includes(each));

/** A list of short texts or numbers, one in a line. @param {SchemaForm} form @param {Spot} spot @param {Shape} item */
function lines(form, { pointer, id, shape, value, label, field }, item) {
  const text = form.textOf(pointer, value.join("\n"));
  const onInput = (/** @type {Event} */ event) => {
    const typed = /** @type {HTMLTextAreaElement} */ (event.currentTarget).value;
    if (typed !== text) form.type(pointer, typed, readLines(typed, item));
  };
  const faults = form.faultsIn(pointer).map(([place, details]) => {
    const [line] = place.slice(pointer.length + 1).split("/");
    return line ? `Line ${Number(line) + 1}: ${details.join(" ")}` : details.join(" ");
  });
  const about = faults.length ? `${id}-hint ${id}-fault` : `${id}-hint`;
  const hint = form.words.hint(field) ?? shape.description;
  return html`<div class="field">
    <label for=${id}>${label} <span class="optional">one in a line</span></label>
    <p class="hint" id="${id}-hint">${prose(hint)}</p>
    ${faults.length ? html`<p class="fault" id="${id}-fault">${faults.join(" ")}</p>` : nothing}
    <textarea id=${id} rows=${Math.min(10, Math.max(2, value.length + 1))} aria-describedby=${about}
      aria-invalid=${faults.length ? "true" : nothing} @input=${onInput} @change=${() => form.stopTyping()}
      .value=${live(text)}></textarea>
  </div>`;
}

/** @param {string} text @param {Shape} item */
function readLines(text, { kind }) {
  const found = text
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean);
  return kind === "integer"
    ? found.map((line) => (/^-?\d{1,15}$/.test(line) ? Number(line) : line))
    : found;
}
