// @ts-check
// What a JSON Schema says, as a form needs it: shapes instead of keywords.
//
// It knows the part of JSON Schema 2020-12 that pydantic writes. `misfits` names everything else in
// a schema, so that nothing is silently left out of a form.

import { inside, isObject } from "./pointer.js";

/** @typedef {Record<string, any>} Node a part of a schema */
/**
 * @typedef {object} Variant one of the shapes that a value can have
 * @property {string} label
 * @property {Shape} shape
 */
/**
 * @typedef {object} Field a named part of an object
 * @property {string} name
 * @property {Shape} shape
 * @property {boolean} isRequired
 */
/**
 * What a value can be. `choice`: one of several shapes. `constant`: always the same value. `other`:
 * something that a form cannot show.
 * @typedef {object} Shape
 * @property {"object" | "map" | "list" | "choice" | "enum" | "constant" | "boolean" | "integer" | "string" | "other"} kind
 * @property {string} name of its definition, `Reward`; "" if it has none
 * @property {string} description
 * @property {boolean} isNullable
 * @property {any} fallback the value if it is left out; undefined if the schema states none
 * @property {Node} node its own keywords: bounds, pattern, format
 * @property {Field[]} fields of an object
 * @property {Shape | null} item of a list, or of a map's values
 * @property {any[]} values of an enum
 * @property {Variant[]} variants of a choice
 */

const KEYWORDS = new Set([
  ..."$schema $defs $ref title description default type const enum anyOf oneOf discriminator".split(
    " ",
  ),
  ..."properties required additionalProperties patternProperties propertyNames maxProperties".split(
    " ",
  ),
  ..."items minItems maxItems minLength maxLength pattern format minimum maximum".split(" "),
]);
const FORMATS = new Set(["date", "date-time"]);
const REF = "#/$defs/";
const FORMAT_LABELS = /** @type {Record<string, string>} */ ({
  date: "A day",
  "date-time": "A day and time",
});

export class Schema {
  /** @param {Node} root */
  constructor(root) {
    this.root = root;
    /** @type {WeakMap<Node, Shape>} */
    this.known = new WeakMap();
  }

  /** The whole document. */
  get shape() {
    return this.shapeOf(this.root);
  }

  /** Definitions refer to each other in circles, so a shape is made when it is asked for.
   * @param {Node} node @returns {Shape} */
  shapeOf(node) {
    let shape = this.known.get(node);
    if (!shape) {
      shape = new LazyShape(this, node);
      this.known.set(node, shape);
    }
    return shape;
  }

  /** The keywords of a node with those that it refers to. @param {Node} node
   * @returns {{ node: Node, name: string }} */
  resolved(node) {
    if (typeof node.$ref !== "string") return { node, name: "" };
    const name = node.$ref.slice(REF.length);
    const { $ref: _, ...own } = node;
    const target = this.resolved(this.root.$defs?.[name] ?? {});
    return { node: { ...target.node, ...own }, name: target.name || name };
  }
}

/** @implements {Shape} */
class LazyShape {
  /** @param {Schema} schema @param {Node} outer */
  constructor(schema, outer) {
    const choices = (/** @type {Node} */ node) => node.anyOf ?? node.oneOf;
    const isNull = (/** @type {Node} */ node) => node.type === "null";
    let { node, name } = schema.resolved(outer);
    this.schema = schema;
    this.isNullable = false;
    // `anyOf: [X, null]` is an X that may be null.
    while (choices(node)?.some(isNull)) {
      const { anyOf: _, oneOf: __, ...own } = node;
      const rest = choices(node).filter((/** @type {Node} */ each) => !isNull(each));
      const inner =
        rest.length === 1 ? schema.resolved(rest[0]) : { node: { anyOf: rest }, name: "" };
      this.isNullable = true;
      node = { ...inner.node, ...own };
      name ||= inner.name;
    }
    this.node = node;
    this.name = name;
    this.description = String(node.description ?? "");
    this.fallback = node.default;
    this.kind = kindOf(node);
    this.values = node.enum ?? [];
  }

  /** @returns {Field[]} */
  get fields() {
    const required = new Set(this.node.required ?? []);
    const made = Object.entries(this.node.properties ?? {}).map(([name, node]) => ({
      name,
      shape: this.schema.shapeOf(/** @type {Node} */ (node)),
      isRequired: required.has(name),
    }));
    return this.#once("fields", made);
  }

  /** @returns {Shape | null} */
  get item() {
    const { items, patternProperties = {}, additionalProperties } = this.node;
    const node = items ?? Object.values(patternProperties)[0] ?? additionalProperties;
    return this.#once("item", isObject(node) ? this.schema.shapeOf(node) : null);
  }

  /** @returns {Variant[]} */
  get variants() {
    const made = (this.node.anyOf ?? this.node.oneOf ?? []).map((/** @type {Node} */ node) => {
      const shape = this.schema.shapeOf(node);
      return { label: labelOf(shape), shape };
    });
    return this.#once("variants", made);
  }

  /** Compute a part only once. @template T @param {string} name @param {T} value @returns {T} */
  #once(name, value) {
    Object.defineProperty(this, name, { value });
    return value;
  }
}

/** @param {Node} node @returns {Shape["kind"]} */
function kindOf(node) {
  if ("const" in node) return "constant";
  if (node.enum) return "enum";
  if (node.anyOf || node.oneOf) return "choice";
  if (node.type === "object") {
    if (node.properties || node.additionalProperties === false) return "object";
    return node.patternProperties || isObject(node.additionalProperties) ? "map" : "other";
  }
  if (node.type === "array") return isObject(node.items) ? "list" : "other";
  if (node.type === "integer" && node.minimum !== undefined && node.minimum === node.maximum)
    return "constant";
  return node.type === "boolean" || node.type === "integer" || node.type === "string"
    ? node.type
    : "other";
}

/** The only value of a constant. @param {Shape} shape */
export function constantOf({ node }) {
  return "const" in node ? node.const : node.minimum;
}

/** What distinguishes a variant, in words: what its constant means, or what the whole is.
 * @param {Shape} shape */
function labelOf(shape) {
  const tag = shape.fields.find((field) => field.shape.kind === "constant");
  const words =
    tag?.shape.description || shape.description.split("\n")[0] || FORMAT_LABELS[shape.node.format];
  return (words ?? shape.name).replace(/\.$/, "");
}

/** The variant that a value is of, or was meant to be of; null if it is of none.
 * @param {Shape} choice @param {any} value @returns {Variant | null} */
export function variantOf(choice, value) {
  const isOf = (/** @type {Shape} */ shape) =>
    isLike(shape, value) && (shape.kind !== "object" || isTagged(shape, value));
  return choice.variants.find(({ shape }) => isOf(shape)) ?? null;
}

/** Whether a value is of a kind, so that a form can show it; mistakes inside of it do not matter.
 * @param {Shape} shape @param {any} value @returns {boolean} */
export function isLike(shape, value) {
  if (value === null) return shape.isNullable;
  switch (shape.kind) {
    case "object":
    case "map":
      return isObject(value);
    case "list":
      return Array.isArray(value);
    case "choice":
      return variantOf(shape, value) !== null;
    case "boolean":
      return typeof value === "boolean";
    case "other":
      return false;
    case "string":
      if (shape.node.format === "date") return typeof value === "string" && !value.includes("T");
      return typeof value === "string" || typeof value === "number";
    default:
      return typeof value === "string" || typeof value === "number";
  }
}

/** Objects are recognized by their constants, or else by their required parts.
 * @param {Shape} shape @param {{ [name: string]: any }} value */
function isTagged(shape, value) {
  const tags = shape.fields.filter((field) => field.shape.kind === "constant");
  if (!tags.length)
    return shape.fields.every(({ name, isRequired }) => !isRequired || name in value);
  return tags.every(({ name, shape: tag, isRequired }) =>
    name in value ? value[name] === constantOf(tag) : !isRequired,
  );
}

/** Everything in a schema that a form would not show, by place. @param {Node} root @returns {string[]} */
export function misfits(root) {
  const schema = new Schema(root);
  /** @type {string[]} */
  const found = [];
  const visit = (/** @type {Node} */ node, /** @type {string} */ place) => {
    for (const keyword of Object.keys(node)) {
      if (!KEYWORDS.has(keyword)) found.push(inside(place, keyword));
    }
    for (const pattern of [node.pattern, ...Object.keys(node.patternProperties ?? {})]) {
      if (pattern !== undefined && !isReadable(pattern)) found.push(inside(place, "pattern"));
    }
    if (node.format !== undefined && !FORMATS.has(node.format)) found.push(inside(place, "format"));
    if (schema.shapeOf(node).kind === "other" && node.type !== "null") found.push(place);
    for (const [child, childPlace] of childrenOf(node, place)) visit(child, childPlace);
  };
  visit(root, "");
  return found;
}

/** Whether a browser can read a pattern. @param {string} pattern */
function isReadable(pattern) {
  try {
    return new RegExp(pattern, "u") !== null;
  } catch {
    return false;
  }
}

/** @param {Node} node @param {string} place @returns {Generator<[Node, string]>} */
function* childrenOf(node, place) {
  for (const keyword of ["$defs", "properties", "patternProperties", "anyOf", "oneOf"]) {
    for (const [name, child] of Object.entries(node[keyword] ?? {})) {
      yield [child, inside(inside(place, keyword), name)];
    }
  }
  for (const keyword of ["items", "additionalProperties", "propertyNames"]) {
    if (isObject(node[keyword])) yield [node[keyword], inside(place, keyword)];
  }
}
