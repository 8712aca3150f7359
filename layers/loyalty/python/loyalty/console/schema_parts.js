// @ts-check
// Parts of a document in a form: objects with their fields, choices, and what has no form.

import { html, nothing } from "./lit.js";
import { inside, isEqual } from "./pointer.js";
import { isLike, variantOf } from "./schema.js";
import { control } from "./schema_fields.js";
import { moreOf } from "./schema_form.js";
import { short } from "./schema_places.js";
import { list } from "./schema_lists.js";
import { map } from "./schema_maps.js";
import { filled } from "./schema_values.js";

/** @typedef {import("./types").Content} Content */
/** @typedef {import("./schema.js").Field} Field */
/** @typedef {import("./schema.js").Shape} Shape */
/** @typedef {import("./schema_form.js").SchemaForm} SchemaForm */
/** @typedef {import("./schema_form.js").Spot} Spot */
/** @typedef {Omit<Spot, "id"> & { id?: string }} PlacedSpot its id follows from its place, if it has none */

// Objects with fewer fields show them all.
const FEW_FIELDS = 6;
const NOT_SET = "";
const CHOSEN = "chosen";

/** A part of the document, whatever its shape. @param {SchemaForm} form @param {PlacedSpot} given @returns {Content} */
export function part(form, given) {
  const spot = { ...given, id: given.id ?? form.idOf(given.pointer) };
  const { shape, pointer, value } = spot;
  if (value === undefined && shape.fallback) form.fallbacks.set(pointer, shape.fallback);
  const shown = value === undefined ? (shape.fallback ?? null) : value;
  if (shape.kind === "constant") return nothing;
  if (isSimple(shape)) return control(form, spot);
  if (shape.kind === "choice") return choice(form, spot, shown);
  if (shown === null && !spot.isRequired) return absent(form, spot);
  if (!isLike(shape, shown)) return misfit(form, spot);
  if (shape.kind === "list") return list(form, { ...spot, value: shown });
  const placed = { ...spot, value: shown };
  if (shape.kind === "map") return group(form, spot, map(form, placed));
  // An entry of a list has its name, its mistakes and its buttons around it.
  return spot.isEntry ? fields(form, placed) : group(form, spot, fields(form, placed));
}

/** Whether one input is enough. @param {Shape} shape */
export function isSimple({ kind }) {
  return kind === "string" || kind === "integer" || kind === "boolean" || kind === "enum";
}

/** A description as a hint: names in backticks become code, and "null" what people see of it.
 * @param {string} text @param {string} [nothingThere] */
export function prose(text, nothingThere = "not set") {
  const words = text.split("\n\n")[0].replace(/\bnull:/, `${nothingThere}:`);
  return words
    .split("`")
    .map((each, index) => (index % 2 ? html`<code>${each}</code>` : html`${each}`));
}

/** Mistakes of an element with this id, which its input refers to.
 * @param {string} id @param {(string | null)[]} faults */
export function faultNote(id, faults) {
  const details = [...new Set(faults.filter(Boolean))];
  return details.length
    ? html`<p class="fault" id="${id}-fault">${details.join(" ")}</p>`
    : nothing;
}

/** A fieldset around a part. @param {SchemaForm} form @param {Spot} spot @param {Content} content */
export function group(form, { pointer, id, shape, label, field, isRequired, value }, content) {
  const remove = () => {
    form.change(pointer, shape.isNullable ? null : undefined);
    form.focus(pointer);
  };
  const mayRemove = !isRequired && shape.isNullable && value !== undefined && value !== null;
  return html`<fieldset class="part" id=${id} tabindex="-1">
    <legend class=${field.startsWith(".") && form.isTitle(label) ? "unseen" : nothing}>${label}</legend>
    ${shape.description ? html`<p class="hint">${prose(shape.description)}</p>` : nothing}
    ${faultNote(id, form.faultsAt(pointer))} ${content}
    ${mayRemove ? html`<p class="actions"><button type="button" @click=${remove}>Remove ${lower(label)}</button></p>` : nothing}
  </fieldset>`;
}

/** The fields of an object. What is as it is by default comes under "more settings".
 * @param {SchemaForm} form @param {Spot} spot @returns {Content} */
export function fields(form, { pointer, shape, value }) {
  const editable = shape.fields.filter((field) => field.shape.kind !== "constant");
  const listed = listedFirst(form, pointer, editable, value, form.words.first[shape.name]);
  const draw = (/** @type {Field} */ field) => {
    const name = `${shape.name}.${field.name}`;
    const place = inside(pointer, field.name);
    return part(form, {
      ...field,
      pointer: place,
      value: value[field.name],
      label: form.words.label(name),
      field: name,
    });
  };
  const unknown = Object.keys(value).filter(
    (name) => !shape.fields.some((field) => field.name === name),
  );
  const rest = editable.filter(({ name }) => !listed.has(name));
  return html`${editable.filter(({ name }) => listed.has(name)).map(draw)}
    ${unknown.map((name) => stranger(form, inside(pointer, name), name))}
    ${rest.length ? more(form, pointer, shape.name, rest, draw) : nothing}`;
}

/** @param {SchemaForm} form @param {string} pointer @param {string} owner its definition
 * @param {Field[]} rest @param {(field: Field) => Content} draw */
function more(form, pointer, owner, rest, draw) {
  const place = moreOf(pointer);
  const isOpen = form.open.has(place);
  const onToggle = (/** @type {Event} */ event) =>
    form.fold(place, /** @type {HTMLDetailsElement} */ (event.currentTarget).open);
  const faults = rest.reduce(
    (count, { name }) => count + form.faultsIn(inside(pointer, name)).length,
    0,
  );
  const names = rest.map(({ name }) => lower(form.words.label(`${owner}.${name}`))).join(", ");
  return html`<details class="more" ?open=${isOpen} @toggle=${onToggle}>
    <summary>More settings ${isOpen ? nothing : html`<span class="quiet">${names}</span>`} ${form.badge(faults)}</summary>
    ${isOpen ? rest.map(draw) : nothing}
  </details>`;
}

/** The fields that stand before "more settings". They stay there while somebody changes them.
 * @param {SchemaForm} form @param {string} pointer @param {Field[]} editable @param {any} value
 * @param {string[]} [always] the names of those that do in any case */
function listedFirst(form, pointer, editable, value, always = []) {
  const known = form.shown.get(pointer);
  if (known) return known;
  const isSet = (/** @type {Field} */ { name, shape, isRequired }) =>
    isRequired ||
    always.includes(name) ||
    (value[name] !== undefined && !isEqual(value[name], shape.fallback ?? null));
  const first = editable.length <= FEW_FIELDS ? editable : editable.filter(isSet);
  const names = new Set(first.map(({ name }) => name));
  form.shown.set(pointer, names);
  return names;
}

/** One of several shapes: which one, and its fields.
 * @param {SchemaForm} form @param {Spot} spot @param {any} shown */
function choice(form, spot, shown) {
  const { pointer, id, shape, label, isRequired } = spot;
  const keyOf = (/** @type {string} */ name) => `${pointer}/#${name}`;
  const current = chosenVariant(form, spot, shown);
  const choose = (/** @type {Event} */ event) => {
    const name = /** @type {HTMLSelectElement} */ (event.currentTarget).value;
    if (current) form.stash.set(keyOf(current.label), shown);
    const chosen = shape.variants.find((variant) => variant.label === name);
    form.shown.delete(pointer);
    form.stash.set(keyOf(CHOSEN), name);
    if (!chosen) return form.change(pointer, shape.isNullable ? null : undefined);
    form.change(pointer, form.stash.get(keyOf(name)) ?? filled(chosen.shape, form.words.starts));
  };
  const isStrange = shown !== null && !current;
  const hint =
    shape.description && html`<p class="hint" id="${id}-hint">${prose(shape.description)}</p>`;
  const select = html`<div class="field">
    <label for=${id}>${label}</label>
    ${hint || nothing} ${faultNote(id, form.faultsAt(pointer))}
    <select id=${id} @change=${choose} aria-describedby=${aboutOf(id, Boolean(hint), form.faultsAt(pointer))}
      aria-invalid=${form.faultsAt(pointer).length ? "true" : nothing}>
      ${isRequired && current ? nothing : html`<option value=${NOT_SET} .selected=${shown === null}>${isStrange ? "Something else" : "Not set"}</option>`}
      ${shape.variants.map((variant) => html`<option value=${variant.label} .selected=${variant === current}>${variant.label}</option>`)}
    </select>
  </div>`;
  if (!current) return html`${select} ${isStrange ? misfit(form, spot) : nothing}`;
  if (isSimple(current.shape)) {
    return html`${select} ${control(form, { ...spot, shape: current.shape, label: current.label, isRequired: true, id: `${id}-value` })}`;
  }
  return html`${select}<div class="variant">${fields(form, { ...spot, shape: current.shape, value: shown })}</div>`;
}

/** The variant that is shown. An emptied text can be of several, so it stays what was chosen.
 * @param {SchemaForm} form @param {Spot} spot @param {any} shown */
function chosenVariant(form, { pointer, shape }, shown) {
  if (shown === null) return null;
  const chosen = shown === "" ? form.stash.get(`${pointer}/#${CHOSEN}`) : undefined;
  return shape.variants.find(({ label }) => label === chosen) ?? variantOf(shape, shown);
}

/** What an input is described by. @param {string} id @param {boolean} hasHint @param {(string | null)[]} faults */
export function aboutOf(id, hasHint, faults) {
  const notes = [hasHint && `${id}-hint`, faults.some(Boolean) && `${id}-fault`].filter(Boolean);
  return notes.length ? notes.join(" ") : nothing;
}

/** A part that is not there, with a button to add it. @param {SchemaForm} form @param {Spot} spot */
function absent(form, { pointer, id, shape, label }) {
  const add = () => {
    form.change(pointer, filled(shape, form.words.starts));
    form.focus(pointer);
  };
  return html`<div class="field absent">
    <p class="label">${label} <span class="optional">not set</span></p>
    ${shape.description ? html`<p class="hint">${prose(shape.description)}</p>` : nothing} ${faultNote(id, form.faultsAt(pointer))}
    <button type="button" id=${id} @click=${add}>Add ${lower(label)}</button>
  </div>`;
}

/** A value that is not of its shape. @param {SchemaForm} form @param {Spot} spot */
function misfit(form, { pointer, id, shape, label, value, isRequired }) {
  const replace = () => form.change(pointer, filled(shape, form.words.starts));
  const remove = () => form.change(pointer, undefined);
  return html`<div class="field misfit" id=${shape.kind === "choice" ? nothing : id} tabindex="-1">
    <p class="label">${label}</p>
    ${faultNote(id, form.faultsAt(pointer))}
    <p class="hint">This is something else than it should be: <code>${short(value)}</code></p>
    <p class="actions">
      <button type="button" @click=${replace}>Start over</button>
      ${isRequired || value === undefined ? nothing : html`<button type="button" @click=${remove}>Remove</button>`}
    </p>
  </div>`;
}

/** A field that the schema does not have. @param {SchemaForm} form @param {string} pointer @param {string} name */
function stranger(form, pointer, name) {
  const remove = () => form.change(pointer, undefined);
  return html`<div class="field misfit">
    <p class="label"><code>${name}</code></p>
    ${faultNote(form.idOf(pointer), ["A program has no such setting.", ...form.faultsAt(pointer)])}
    <button type="button" id=${form.idOf(pointer)} @click=${remove}>Remove ${name}</button>
  </div>`;
}

/** A label within a sentence; abbreviations stay. @param {string} label */
export function lower(label) {
  return /^[A-Z][a-z]/.test(label) ? label[0].toLowerCase() + label.slice(1) : label;
}
