// @ts-check
// Places of a document in words: "Rewards › Latte › Cost in points".

import { partsOf } from "./pointer.js";
import { variantOf } from "./schema.js";

/** @typedef {import("./schema.js").Shape} Shape */
/** @typedef {import("./schema_form.js").SchemaForm} SchemaForm */

/** @typedef {{ words: string, shape: Shape | null, field: string }} Place */

/** @param {SchemaForm} form @param {string} pointer @param {any} [document] */
export function placeWords(form, pointer, document) {
  return placeOf(form, pointer, document).words;
}

/** A place in words, and what can be there.
 * @param {SchemaForm} form @param {string} pointer @param {any} [document] @returns {Place} */
export function placeOf(form, pointer, document = form.document) {
  /** @type {Shape | null} */
  let shape = form.schema.shape;
  let value = document;
  let field = "";
  const words = [];
  for (const name of partsOf(pointer)) {
    const outer = present(shape, value);
    value = value?.[name];
    [shape, field] = step(outer, name, field);
    words.push(wordOf(form, outer, shape, value, name, field));
  }
  return { words: words.join(" › ") || "The program", shape, field };
}

/** A value as people read it. @param {SchemaForm} form @param {Place} place @param {any} value */
export function valueWords(form, { shape, field }, value) {
  if (value === undefined || value === null) return "not set";
  if (typeof value === "boolean") return value ? "yes" : "no";
  const money = Number.isSafeInteger(value) && form.words.money(field, form.document);
  if (money) return `${money.written(value)} ${money.currency}`;
  if (shape?.kind === "enum") return form.words.choice(value);
  return typeof value === "object" ? short(value) : String(value);
}

/** A value as short JSON. @param {any} value */
export function short(value) {
  const text = value === undefined ? "nothing" : JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}

/** The shape that a value has, if it can have several. @param {Shape | null} shape @param {any} value
 * @returns {Shape | null} */
function present(shape, value) {
  return shape?.kind === "choice" ? present(variantOf(shape, value)?.shape ?? null, value) : shape;
}

/** @param {Shape | null} shape @param {string} name @param {string} field @returns {[Shape | null, string]} */
function step(shape, name, field) {
  if (shape?.kind === "object") {
    const found = shape.fields.find((each) => each.name === name);
    return [found?.shape ?? null, `${shape.name}.${name}`];
  }
  return [shape?.item ?? null, `${field}.item`];
}

/** @param {SchemaForm} form @param {Shape | null} outer @param {Shape | null} shape @param {any} value
 * @param {string} name @param {string} field */
function wordOf(form, outer, shape, value, name, field) {
  if (outer?.kind === "object") return shape ? form.words.label(field) : name;
  if (outer?.kind !== "list" || !shape) return name;
  const isThing = typeof value === "object" && value !== null;
  return isThing
    ? form.words.summary(shape.name, value, form.document).name
    : `Line ${Number(name) + 1}`;
}
