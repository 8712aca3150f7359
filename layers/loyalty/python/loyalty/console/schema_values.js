// @ts-check
// Values of a shape: what a new one begins with, and which mistakes one has.

import { constantOf } from "./schema.js";

/** @typedef {import("./schema.js").Shape} Shape */
/** @typedef {Record<string, any>} Starts what a new thing of a definition begins with, by its name */

/** What a new value begins with: the default, or as little as the schema allows.
 * @param {Shape} shape @param {Starts} starts @returns {any} */
export function startOf(shape, starts) {
  if (shape.fallback !== undefined && shape.fallback !== null) return shape.fallback;
  return filled(shape, starts);
}

/** As `startOf`, for somebody who asked for a value: not null, not empty.
 * @param {Shape} shape @param {Starts} starts @returns {any} */
export function filled(shape, starts) {
  switch (shape.kind) {
    case "object": {
      const own = shape.fields
        .filter(({ isRequired }) => isRequired)
        .map(({ name, shape: part }) => [name, part.isNullable ? null : startOf(part, starts)]);
      return { ...Object.fromEntries(own), ...starts[shape.name] };
    }
    case "list": {
      const { item } = shape;
      // Texts are typed, one in a line; only things are begun.
      const isTyped = item?.kind === "string" || item?.kind === "integer";
      const count = isTyped ? 0 : (shape.node.minItems ?? 0);
      return Array.from({ length: count }, () => item && startOf(item, starts));
    }
    case "map":
      return {};
    case "choice":
      return filled(shape.variants[0].shape, starts);
    case "enum":
      return shape.values[0];
    case "constant":
      return constantOf(shape);
    case "boolean":
      return false;
    case "integer":
      return Math.max(shape.node.minimum ?? 0, 0);
    default:
      return "";
  }
}

/** What is wrong with a single value, in words; null if nothing is. Objects, lists and choices are
 * looked at part by part. `write` writes a bound.
 * @param {Shape} shape @param {any} value @param {boolean} isRequired
 * @param {(bound: number) => string} [write] */
export function mistakeIn(shape, value, isRequired, write = String) {
  if (value === undefined) return isRequired ? "Fill this in." : null;
  if (value === null && shape.isNullable) return null;
  const { node, kind, values } = shape;
  if (kind === "enum") return values.includes(value) ? null : "Choose one of these.";
  if (kind === "integer") return integerMistake(node, value, write);
  if (kind === "string") return stringMistake(node, value);
  return null;
}

/** @param {Record<string, any>} node @param {any} value @param {(bound: number) => string} write */
function integerMistake({ minimum, maximum }, value, write) {
  if (value === null || value === "") return "Fill this in.";
  if (!Number.isSafeInteger(value)) return "Enter a whole number.";
  if (minimum !== undefined && value < minimum) return `Enter ${write(minimum)} or more.`;
  if (maximum !== undefined && value > maximum) return `Enter ${write(maximum)} or less.`;
  return null;
}

/** @param {Record<string, any>} node @param {any} value */
function stringMistake({ minLength = 0, maxLength = Infinity, format }, value) {
  if (typeof value !== "string") return "Enter a text.";
  const length = [...value].length;
  if (length < minLength) return "Fill this in.";
  if (length > maxLength) return `This has ${length} characters; ${maxLength} are allowed.`;
  if (format === "date" && !/^\d{4}-\d{2}-\d{2}$/.test(value)) return "Enter a day.";
  if (format === "date-time" && Number.isNaN(Date.parse(value))) return "Enter a day and a time.";
  return null;
}

/** What the names of a map can be. @param {Shape} map
 * @returns {{ values: string[] | null, pattern: string | null }} */
export function namesOf({ node }) {
  const { propertyNames = {}, patternProperties = {} } = node;
  return {
    values: propertyNames.enum ?? null,
    pattern: propertyNames.pattern ?? Object.keys(patternProperties)[0] ?? null,
  };
}

/** Why a name cannot be added to a map; null if it can. @param {Shape} map @param {string} name
 * @param {{ [name: string]: any }} value */
export function nameMistake(map, name, value) {
  const { values, pattern } = namesOf(map);
  if (!name) return "Fill this in.";
  if (Object.hasOwn(value, name)) return `“${name}” is there already.`;
  if (values && !values.includes(name)) return "Choose one of these.";
  if (pattern && !new RegExp(pattern, "u").test(name)) return "This cannot be its name.";
  const { maxProperties = Infinity } = map.node;
  return Object.keys(value).length >= maxProperties
    ? `There can be ${maxProperties} at most.`
    : null;
}

/** An id that no entry of a list has yet: `reward-3`.
 * @param {any[]} list @param {string} word */
export function newId(list, word) {
  const taken = new Set(list.map((each) => each?.id));
  let number = list.length + 1;
  while (taken.has(`${word}-${number}`)) number += 1;
  return `${word}-${number}`;
}
