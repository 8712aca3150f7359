// @ts-check
// Lists in a form: as checkboxes, as lines of text, or as entries that can be added, moved and removed.

import { html, live, nothing } from "./lit.js";
import { inside, isEqual } from "./pointer.js";
import { variantOf } from "./schema.js";
import { faultNote, group, isSimple, lower, part, prose } from "./schema_parts.js";
import { filled, newId } from "./schema_values.js";

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

/** A list of things, each folded until somebody looks at it.
 * @param {SchemaForm} form @param {Spot} spot @param {Shape} item */
function entries(form, spot, item) {
  const { pointer, value, shape, field, isRequired } = spot;
  const thing = form.words.thing(field);
  const { maxItems = Infinity } = shape.node;
  const add = () => {
    const made = filled(item, form.words.starts);
    insert(
      form,
      pointer,
      value,
      "id" in made ? { ...made, id: newId(value, thing.replaceAll(" ", "-")) } : made,
      value.length,
    );
  };
  const drawn = value.map((/** @type {any} */ _, /** @type {number} */ index) =>
    entry(form, spot, item, index),
  );
  return group(
    form,
    { ...spot, isRequired: isRequired || !shape.isNullable },
    html`${value.length ? html`<ol class="entries">${drawn}</ol>` : html`<p class="quiet">None yet.</p>`}
      <p class="actions">
        ${
          value.length < maxItems
            ? html`<button type="button" id=${form.idOf(inside(pointer, "#add"))} @click=${add}>Add ${lower(thing)}</button>`
            : html`<span class="quiet">There can be ${maxItems} at most.</span>`
        }
      </p>`,
  );
}

/** @param {SchemaForm} form @param {Spot} list @param {Shape} item @param {number} index */
function entry(form, list, item, index) {
  const pointer = inside(list.pointer, index);
  const value = list.value[index];
  const { name, note } = form.words.summary(titleOf(item, value), value, form.document);
  const isOpen = form.open.has(pointer);
  const onToggle = (/** @type {Event} */ event) =>
    form.fold(pointer, /** @type {HTMLDetailsElement} */ (event.currentTarget).open);
  return html`<li>
    <details class="entry" ?open=${isOpen} @toggle=${onToggle}>
      <summary id=${form.idOf(pointer)}><span class="name">${name}</span> <span class="quiet">${note}</span>
        ${form.badge(form.faultsIn(pointer).length)}</summary>
      ${isOpen ? html`${moves(form, list, index, name)} ${content(form, list, item, index)}` : nothing}
    </details>
  </li>`;
}

/** The variant, or the definition, that an entry is of. @param {Shape} item @param {any} value */
function titleOf(item, value) {
  return item.kind === "choice" ? (variantOf(item, value)?.label ?? "Something else") : item.name;
}

/** @param {SchemaForm} form @param {Spot} list @param {Shape} item @param {number} index */
function content(form, list, item, index) {
  const pointer = inside(list.pointer, index);
  const label =
    item.kind === "choice" ? "What it is" : isSimple(item) ? "Value" : form.words.thing(list.field);
  const spot = {
    pointer,
    shape: item,
    value: list.value[index],
    label,
    field: `${list.field}.item`,
    isRequired: true,
  };
  // The summary has the id of the place.
  return html`${item.kind !== "object" ? nothing : faultNote(`${form.idOf(pointer)}-entry`, form.faultsAt(pointer))}
    ${part(form, { ...spot, id: `${form.idOf(pointer)}-entry`, isEntry: true })}`;
}

/** Buttons that move an entry. @param {SchemaForm} form @param {Spot} list @param {number} index @param {string} name */
function moves(form, { pointer, value }, index, name) {
  const move = (/** @type {number} */ to, /** @type {string} */ button) => () => {
    const moved = [...value];
    moved.splice(to, 0, ...moved.splice(index, 1));
    form.rearrange(pointer, moved, (each) => (each === index ? to : each === to ? index : each));
    const kept = document.getElementById(form.idOf(inside(inside(pointer, to), button)));
    if (kept instanceof HTMLButtonElement && !kept.disabled) kept.focus();
    else form.focus(inside(pointer, to));
  };
  const copy = () => {
    const twin = structuredClone(value[index]);
    insert(
      form,
      pointer,
      value,
      twin?.id ? { ...twin, id: newId(value, twin.id) } : twin,
      index + 1,
    );
  };
  const remove = () => {
    const rest = value.filter((/** @type {any} */ _, /** @type {number} */ each) => each !== index);
    form.rearrange(pointer, rest, (each) =>
      each === index ? null : each > index ? each - 1 : each,
    );
    form.focus(rest.length ? inside(pointer, Math.min(index, rest.length - 1)) : pointer);
  };
  const button = (
    /** @type {string} */ id,
    /** @type {string} */ text,
    /** @type {() => void} */ act,
    isOff = false,
  ) =>
    html`<button type="button" id=${form.idOf(inside(inside(pointer, index), id))} ?disabled=${isOff} @click=${act}
      aria-label="${text} ${name}">${text}</button>`;
  return html`<p class="moves">
    ${button("#up", "Move up", move(index - 1, "#up"), index === 0)}
    ${button("#down", "Move down", move(index + 1, "#down"), index === value.length - 1)}
    ${button("#copy", "Copy", copy)} ${button("#remove", "Remove", remove)}
  </p>`;
}

/** Put a new entry into a list, unfolded. @param {SchemaForm} form @param {string} pointer
 * @param {any[]} value @param {any} made @param {number} index */
function insert(form, pointer, value, made, index) {
  const place = inside(pointer, index);
  form.rearrange(pointer, value.toSpliced(index, 0, made), (each) =>
    each >= index ? each + 1 : each,
  );
  form.open.add(place);
  form.redraw();
  form.focus(place);
}
