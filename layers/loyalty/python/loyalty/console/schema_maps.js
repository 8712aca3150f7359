// @ts-check
// Maps in a form: values under names that people choose, such as languages or levels.

import { html, nothing } from "./lit.js";
import { inside } from "./pointer.js";
import { part } from "./schema_parts.js";
import { filled, nameMistake, namesOf } from "./schema_values.js";

/** @typedef {import("./types").Content} Content */
/** @typedef {import("./schema.js").Shape} Shape */
/** @typedef {import("./schema_form.js").SchemaForm} SchemaForm */
/** @typedef {import("./schema_form.js").Spot} Spot */

/** Why a name could not be added, by place. @type {WeakMap<SchemaForm, Map<string, string>>} */
const refused = new WeakMap();

/** @param {SchemaForm} form @param {Spot} spot its value is an object @returns {Content} */
export function map(form, spot) {
  const { pointer, shape, value, field } = spot;
  const item = /** @type {Shape} */ (shape.item);
  const names = choicesOf(form, spot);
  const labelOf = (/** @type {string} */ name) =>
    names?.find(([each]) => each === name)?.[1] ?? name;
  const remove = (/** @type {string} */ name) => () => {
    form.change(inside(pointer, name), undefined);
    form.focus(inside(pointer, "#name"));
  };
  const drawn = Object.entries(value).map(
    ([name, each]) => html`<div class="variant">
      ${part(form, { pointer: inside(pointer, name), shape: item, value: each, label: labelOf(name), field: `${field}.item`, isRequired: true })}
      <p class="actions"><button type="button" @click=${remove(name)}>Remove ${labelOf(name)}</button></p>
    </div>`,
  );
  return html`${drawn} ${adding(form, spot, item, names)}`;
}

/** @param {SchemaForm} form @param {Spot} spot @param {Shape} item @param {[string, string][] | null} names */
function adding(form, { pointer, shape, value, field }, item, names) {
  const mistakes = refused.get(form) ?? new Map();
  refused.set(form, mistakes);
  const place = inside(pointer, "#name");
  const id = form.idOf(place);
  const add = () => {
    const input = /** @type {HTMLInputElement | HTMLSelectElement} */ (document.getElementById(id));
    const name = input.value.trim();
    const mistake = nameMistake(shape, name, value);
    if (mistake) mistakes.set(pointer, mistake);
    else mistakes.delete(pointer);
    if (mistake) {
      form.redraw();
      return input.focus();
    }
    form.change(inside(pointer, name), filled(item, form.words.starts));
    if (input instanceof HTMLInputElement) input.value = "";
    form.focus(inside(pointer, name));
  };
  const rest = names?.filter(([name]) => !Object.hasOwn(value, name));
  if (rest && !rest.length) return nothing;
  const fault = mistakes.get(pointer);
  const about = fault ? `${id}-fault` : nothing;
  return html`<div class="field adding">
    <label for=${id}>${form.words.thing(field)}</label>
    ${fault ? html`<p class="fault" id="${id}-fault">${fault}</p>` : nothing}
    <p class="actions">
      ${
        rest
          ? html`<select id=${id} aria-describedby=${about}>${rest.map(([name, label]) => html`<option value=${name}>${label}</option>`)}</select>`
          : html`<input id=${id} autocomplete="off" aria-describedby=${about} aria-invalid=${fault ? "true" : nothing} />`
      }
      <button type="button" @click=${add}>Add</button>
    </p>
  </div>`;
}

/** The names that a map can have, if there are only a few. @param {SchemaForm} form @param {Spot} spot
 * @returns {[string, string][] | null} */
function choicesOf(form, { shape, field }) {
  const { values } = namesOf(shape);
  if (values) return values.map((name) => [name, form.words.choice(name)]);
  return form.words.names(field, form.document);
}
