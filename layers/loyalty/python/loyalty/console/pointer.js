// @ts-check
// Places in a JSON document, by JSON Pointer (RFC 6901). Documents are never changed: each change
// makes a new one, which shares what is the same.

/** @typedef {null | boolean | number | string | Json[] | { [name: string]: Json }} Json */

/** A place inside another one. @param {string} pointer @param {string | number} name */
export function inside(pointer, name) {
  return `${pointer}/${String(name).replaceAll("~", "~0").replaceAll("/", "~1")}`;
}

/** @param {string} pointer @returns {string[]} */
export function partsOf(pointer) {
  const parts = pointer.split("/").slice(1);
  return parts.map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
}

/** Every place around a place, the outermost first, and the place itself. @param {string} pointer */
export function pathTo(pointer) {
  const path = [""];
  for (const part of pointer.split("/").slice(1)) path.push(`${path[path.length - 1]}/${part}`);
  return path;
}

/** Whether a place is another one or in it. @param {string} pointer @param {string} outer */
export function isWithin(pointer, outer) {
  return pointer === outer || pointer.startsWith(`${outer}/`);
}

/** @param {any} value @returns {value is { [name: string]: any }} */
export function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The value at a place; undefined if there is none. @param {any} document @param {string} pointer */
export function valueAt(document, pointer) {
  let value = document;
  for (const part of partsOf(pointer)) {
    const isThere = isObject(value) ? Object.hasOwn(value, part) : Array.isArray(value);
    if (!isThere) return undefined;
    value = value[part];
  }
  return value;
}

/** The document with a value at a place; undefined removes what is there.
 * @param {any} document @param {string} pointer @param {any} value */
export function withValue(document, pointer, value) {
  return placed(document, partsOf(pointer), value);
}

/** @param {any} document @param {string[]} parts @param {any} value @returns {any} */
function placed(document, [name, ...rest], value) {
  if (name === undefined) return value;
  if (Array.isArray(document)) {
    const changed = [...document];
    const inner = placed(document[Number(name)], rest, value);
    if (inner === undefined) changed.splice(Number(name), 1);
    else changed[Number(name)] = inner;
    return changed;
  }
  const before = isObject(document) ? document : {};
  const inner = placed(Object.hasOwn(before, name) ? before[name] : undefined, rest, value);
  if (inner !== undefined) return { ...before, [name]: inner };
  const { [name]: _, ...changed } = before;
  return changed;
}

/**
 * Where a place is after the entries of a list have moved; null if its entry was removed.
 * @param {string} pointer @param {string} list @param {(index: number) => number | null} newIndex
 */
export function afterMove(pointer, list, newIndex) {
  if (!pointer.startsWith(`${list}/`)) return pointer;
  const [index, ...rest] = pointer.slice(list.length + 1).split("/");
  const moved = newIndex(Number(index));
  return moved === null ? null : [list, moved, ...rest].join("/");
}

/** Whether two JSON values are equal; the order of names does not matter.
 * @param {any} one @param {any} other @returns {boolean} */
export function isEqual(one, other) {
  if (one === other) return true;
  if (Array.isArray(one) && Array.isArray(other)) {
    return one.length === other.length && one.every((each, index) => isEqual(each, other[index]));
  }
  if (!isObject(one) || !isObject(other)) return false;
  const names = Object.keys(one);
  return (
    names.length === Object.keys(other).length &&
    names.every((name) => Object.hasOwn(other, name) && isEqual(one[name], other[name]))
  );
}
