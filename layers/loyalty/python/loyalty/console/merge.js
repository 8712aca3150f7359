// @ts-check
// Three versions of a document as one: what I changed, on top of what others changed meanwhile.
//
// Things in lists are matched by their id, as the API compares them. Whatever only one side changed
// is taken over. What both changed differently is a conflict, and a person decides.

import { inside, isEqual, isObject, valueAt, withValue } from "./pointer.js";

/**
 * @typedef {object} Conflict a place that both sides changed; undefined is a place that is not there
 * @property {string} pointer in the merged document
 * @property {any} base
 * @property {any} theirs
 * @property {any} mine
 * @property {boolean} isEntry the place is in a list
 */
/** @typedef {{ document: any, conflicts: Conflict[] }} Merged conflicts contain what is mine */

/** @param {any} base @param {any} theirs @param {any} mine @returns {Merged} */
export function merged(base, theirs, mine) {
  /** @type {Conflict[]} */
  const conflicts = [];
  const document = together(base, theirs, mine, "", conflicts, false);
  return { document, conflicts };
}

/** The merged document after somebody has decided each conflict.
 * @param {Merged} merged @param {(conflict: Conflict) => boolean} isTheirs whether their side counts */
export function decided({ document, conflicts }, isTheirs) {
  // From the last place on, because an entry that comes or goes moves the ones after it.
  return [...conflicts].reverse().filter(isTheirs).reduce(withTheirs, document);
}

/** @param {any} document @param {Conflict} conflict */
function withTheirs(document, { pointer, theirs, mine, isEntry }) {
  if (!isEntry || mine !== undefined) return withValue(document, pointer, theirs);
  const list = pointer.slice(0, pointer.lastIndexOf("/"));
  const index = Number(pointer.slice(list.length + 1));
  return withValue(document, list, valueAt(document, list).toSpliced(index, 0, theirs));
}

/** @param {any} base @param {any} theirs @param {any} mine @param {string} pointer
 * @param {Conflict[]} conflicts @param {boolean} isEntry @returns {any} */
function together(base, theirs, mine, pointer, conflicts, isEntry) {
  if (isEqual(theirs, mine) || isEqual(base, theirs)) return mine;
  if (isEqual(base, mine)) return theirs;
  if (isSameShape(theirs, mine) && (base === undefined || isSameShape(base, mine))) {
    return objects(base ?? {}, theirs, mine, pointer, conflicts);
  }
  if (areThings(theirs) && areThings(mine) && (base === undefined || areThings(base))) {
    return things(base ?? [], theirs, mine, pointer, conflicts);
  }
  conflicts.push({ pointer, base, theirs, mine, isEntry });
  return mine;
}

/** @param {any} base @param {any} theirs @param {any} mine @param {string} pointer @param {Conflict[]} conflicts */
function objects(base, theirs, mine, pointer, conflicts) {
  /** @type {Record<string, any>} */
  const made = {};
  for (const name of new Set([...Object.keys(mine), ...Object.keys(theirs)])) {
    const value = together(
      fieldOf(base, name),
      fieldOf(theirs, name),
      fieldOf(mine, name),
      inside(pointer, name),
      conflicts,
      false,
    );
    if (value !== undefined) made[name] = value;
  }
  return made;
}

/** @param {any[]} base @param {any[]} theirs @param {any[]} mine @param {string} pointer @param {Conflict[]} conflicts */
function things(base, theirs, mine, pointer, conflicts) {
  const [old, other, own] = [base, theirs, mine].map(byKey);
  const isMoved = !isEqual(shared(old, own), shared(own, old));
  // The order is theirs, unless I moved something.
  const [first, second] = isMoved ? [own, other] : [other, own];
  const order = interleaved([...first.keys()], [...second.keys()]);
  const made = [];
  for (const key of order) {
    const place = inside(pointer, made.length);
    const value = together(old.get(key), other.get(key), own.get(key), place, conflicts, true);
    if (value !== undefined) made.push(value);
  }
  return made;
}

/** @param {any} value @param {string} name */
const fieldOf = (value, name) => (Object.hasOwn(value, name) ? value[name] : undefined);

/** @param {any} one @param {any} other */
function isSameShape(one, other) {
  return isObject(one) && isObject(other) && one.model === other.model;
}

/** @param {any} value @returns {value is any[]} */
function areThings(value) {
  return (
    Array.isArray(value) &&
    value.every((each) => keyOf(each) !== null) &&
    byKey(value).size === value.length
  );
}

/** The keys that another map has too, in their order. @param {Map<string, any>} one @param {Map<string, any>} other */
const shared = (one, other) => [...one.keys()].filter((key) => other.has(key));

/** All keys; those that only the second list has come after the one that they follow there.
 * @param {string[]} first @param {string[]} second */
function interleaved(first, second) {
  const all = [...first];
  second.forEach((key, place) => {
    if (!all.includes(key)) all.splice(place ? all.indexOf(second[place - 1]) + 1 : 0, 0, key);
  });
  return all;
}

/** What identifies a thing among others. @param {any} thing */
function keyOf(thing) {
  const key = isObject(thing)
    ? [thing.id, thing.kind].find((each) => typeof each === "string")
    : undefined;
  return key === undefined ? null : JSON.stringify([key, thing.locale ?? ""]);
}

/** @param {any[]} list @returns {Map<string, any>} */
function byKey(list) {
  return new Map(list.map((thing) => [String(keyOf(thing)), thing]));
}
