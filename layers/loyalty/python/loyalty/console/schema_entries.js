// @ts-check
// A list of things in a form: each is a line until somebody unfolds it. A long list can be searched.

import { html, nothing } from "./lit.js";
import { inside } from "./pointer.js";
import { variantOf } from "./schema.js";
import { faultNote, group, isSimple, lower, part } from "./schema_parts.js";
import { filled, newId } from "./schema_values.js";

/** @typedef {import("./schema.js").Shape} Shape */
/** @typedef {import("./schema_form.js").SchemaForm} SchemaForm */
/** @typedef {import("./schema_form.js").Spot} Spot */

// Longer lists have a field to find an entry, and entries have their position in them.
const FEW_ENTRIES = 10;

/** @param {SchemaForm} form @param {Spot} spot its value is an array @param {Shape} item */
export function entries(form, spot, item) {
  const { pointer, value, shape, field, isRequired } = spot;
  const thing = form.words.thing(field);
  const isLong = value.length > FEW_ENTRIES;
  const found = foundIn(form, spot, item);
  const adding = html`${add(form, spot, item)}`;
  return group(
    form,
    { ...spot, isRequired: isRequired || !shape.isNullable },
    html`${isLong ? finder(form, pointer, thing, { found: found.length, all: value.length }, adding) : nothing}
      ${
        value.length
          ? html`<ol class="entries">${found.map((index) => entry(form, spot, item, index))}</ol>`
          : html`<p class="quiet">None yet.</p>`
      }
      ${isLong ? nothing : html`<p class="actions">${adding}</p>`}`,
  );
}

/** The button that adds an entry. @param {SchemaForm} form @param {Spot} spot @param {Shape} item */
function add(form, { pointer, value, shape, field }, item) {
  const thing = form.words.thing(field);
  const { maxItems = Infinity } = shape.node;
  if (value.length >= maxItems)
    return html`<span class="quiet">There can be ${maxItems} at most.</span>`;
  const onClick = () => {
    const made = filled(item, form.words.starts);
    const named = "id" in made ? { ...made, id: newId(value, thing.replaceAll(" ", "-")) } : made;
    insert(form, pointer, value, named, value.length);
  };
  return html`<button type="button" id=${form.idOf(inside(pointer, "#add"))} @click=${onClick}>Add ${lower(thing)}</button>`;
}

/** The positions of the entries that are shown: all, or those that have every word typed.
 * @param {SchemaForm} form @param {Spot} spot @param {Shape} item @returns {number[]} */
function foundIn(form, { pointer, value }, item) {
  const all = [...value.keys()];
  const words = (form.finding.get(pointer) ?? "").toLowerCase().split(/\s+/).filter(Boolean);
  if (!words.length) return all;
  return all.filter((index) => {
    const { name, notes } = summary(form, item, value[index]);
    const text = [name, value[index]?.id, ...notes].join(" ").toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

/** @param {SchemaForm} form @param {string} pointer @param {string} thing
 * @param {{ found: number, all: number }} count @param {import("./types").Content} adding */
function finder(form, pointer, thing, { found, all }, adding) {
  const id = form.idOf(inside(pointer, "#find"));
  const onInput = (/** @type {Event} */ event) =>
    form.find(pointer, /** @type {HTMLInputElement} */ (event.currentTarget).value);
  return html`<div class="finder">
    <label for=${id}>Find ${lower(thing)}</label>
    <input type="search" id=${id} autocomplete="off" .value=${form.finding.get(pointer) ?? ""} @input=${onInput} />
    <span class="quiet" role="status">${found === all ? `${all} in all` : `${found} of ${all}`}</span>
    ${adding}
  </div>`;
}

/** An entry in a line. @param {SchemaForm} form @param {Shape} item @param {any} value */
function summary(form, item, value) {
  // The variant, or the definition, that an entry is of.
  const kind =
    item.kind === "choice" ? (variantOf(item, value)?.label ?? "Something else") : item.name;
  return form.words.summary(kind, value, form.document);
}

/** @param {SchemaForm} form @param {Spot} list @param {Shape} item @param {number} index */
function entry(form, list, item, index) {
  const pointer = inside(list.pointer, index);
  const { name, notes } = summary(form, item, list.value[index]);
  const isOpen = form.open.has(pointer);
  const onToggle = (/** @type {Event} */ event) =>
    form.fold(pointer, /** @type {HTMLDetailsElement} */ (event.currentTarget).open);
  return html`<li>
    <details class="entry" ?open=${isOpen} @toggle=${onToggle}>
      <summary id=${form.idOf(pointer)}><span class="line"><span class="name">${name}</span>
        ${notes.map((note) => html`<span class="quiet">${note}</span>`)}
        ${form.badge(form.faultsIn(pointer).length)}</span></summary>
      ${isOpen ? html`${moves(form, list, index, name)} ${content(form, list, item, index)}` : nothing}
    </details>
  </li>`;
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

/** What moves, copies and removes an entry. @param {SchemaForm} form @param {Spot} list
 * @param {number} index @param {string} name */
function moves(form, { pointer, value }, index, name) {
  const idOf = (/** @type {number} */ at, /** @type {string} */ control) =>
    form.idOf(inside(inside(pointer, at), control));
  const move = (/** @type {number} */ to, /** @type {string} */ control) => () => {
    const moved = [...value];
    moved.splice(to, 0, ...moved.splice(index, 1));
    form.rearrange(pointer, moved, (each) => afterOne(each, index, to));
    const kept = document.getElementById(idOf(to, control));
    if (kept && !(kept instanceof HTMLButtonElement && kept.disabled)) kept.focus();
    else form.focus(inside(pointer, to));
  };
  const moveTo = (/** @type {Event} */ event) => {
    const typed = Number(/** @type {HTMLInputElement} */ (event.currentTarget).value);
    const to = Math.min(Math.max(Math.trunc(typed) || 1, 1), value.length) - 1;
    if (to !== index) move(to, "#position")();
  };
  const copy = () => {
    const twin = structuredClone(value[index]);
    const named = twin?.id ? { ...twin, id: newId(value, twin.id) } : twin;
    insert(form, pointer, value, named, index + 1);
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
    html`<button type="button" id=${idOf(index, id)} ?disabled=${isOff} @click=${act}
      aria-label="${text} ${name}">${text}</button>`;
  const position = html`<label>Position <input type="number" id=${idOf(index, "#position")} min="1" max=${value.length}
    .value=${String(index + 1)} aria-label="Position of ${name}" @change=${moveTo} /></label>`;
  return html`<p class="moves">
    ${button("#up", "Move up", move(index - 1, "#up"), index === 0)}
    ${button("#down", "Move down", move(index + 1, "#down"), index === value.length - 1)}
    ${button("#copy", "Copy", copy)} ${button("#remove", "Remove", remove)}
    ${value.length > FEW_ENTRIES ? position : nothing}
  </p>`;
}

/** Where an entry is after another one has moved. @param {number} each @param {number} from @param {number} to */
export function afterOne(each, from, to) {
  if (each === from) return to;
  if (from < each && each <= to) return each - 1;
  if (to <= each && each < from) return each + 1;
  return each;
}

/** Put a new entry into a list, unfolded. @param {SchemaForm} form @param {string} pointer
 * @param {any[]} value @param {any} made @param {number} index */
function insert(form, pointer, value, made, index) {
  const place = inside(pointer, index);
  form.finding.delete(pointer);
  form.rearrange(pointer, value.toSpliced(index, 0, made), (each) =>
    each >= index ? each + 1 : each,
  );
  form.open.add(place);
  form.redraw();
  form.focus(place);
}
