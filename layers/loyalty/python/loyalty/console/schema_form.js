// @ts-check
// A form for a JSON document, made from its JSON Schema.
//
// The form keeps the document as it is and changes only what a person changes. So what the schema
// does not know, and the order of names, survive. Mistakes are kept too: a draft may have some.

import { html, nothing } from "./lit.js";
import { afterMove, inside, isWithin, partsOf, pathTo, valueAt, withValue } from "./pointer.js";
import { Schema } from "./schema.js";
import { part } from "./schema_parts.js";

/** @typedef {import("./types").Content} Content */
/** @typedef {import("./schema.js").Shape} Shape */
/** @typedef {import("./form_words").FormWords} FormWords */
/**
 * @typedef {object} Spot a place of the document, as it is drawn
 * @property {string} pointer
 * @property {string} id of its element
 * @property {Shape} shape
 * @property {any} value undefined if the document does not state it
 * @property {string} label
 * @property {string} field the name by which words are found: `Reward.stock`
 * @property {boolean} isRequired
 * @property {boolean} [isEntry] it is an entry of a list
 */

const UNDO_MAX = 50;

/** The place of an object's "more settings". @param {string} pointer */
export const moreOf = (pointer) => `${pointer}/#more`;

export class SchemaForm {
  /**
   * @param {object} options
   * @param {Record<string, any>} options.schema
   * @param {FormWords} options.words what the schema cannot say: names, groups, first values
   * @param {any} options.document
   * @param {(pointer: string) => string} options.linkTo the address of a place
   * @param {(pointer: string) => void} [options.onReveal] somebody follows a link to a place
   * @param {() => void} options.redraw
   * @param {(document: any) => void} options.onChange
   */
  constructor({ schema, words, document, linkTo, onReveal, redraw, onChange }) {
    this.schema = new Schema(schema);
    this.words = words;
    this.linkTo = linkTo;
    this.onReveal = onReveal ?? ((pointer) => this.reveal(pointer));
    this.redraw = redraw;
    this.onChange = onChange;
    this.document = document;
    /** @type {any[]} earlier documents, the latest last */
    this.past = [];
    /** @type {Map<string, string[]>} mistakes by place */
    this.faults = new Map();
    /** @type {Set<string>} the places that are folded open */
    this.open = new Set();
    /** @type {Map<string, string>} the words by which somebody looks for entries, by list */
    this.finding = new Map();
    /** @type {Map<string, Set<string>>} the fields of an object that are not among "more settings" */
    this.shown = new Map();
    /** @type {Map<string, any>} what a place contained before another variant was chosen */
    this.stash = new Map();
    /** @type {Map<string, any>} the values of places that the document leaves out */
    this.fallbacks = new Map();
    /** @type {{ pointer: string, text: string } | null} the text that somebody is typing */
    this.typing = null;
  }

  /** Show another document, as if somebody had typed it. @param {any} document */
  replace(document) {
    this.typing = null;
    this.change("", document);
  }

  /** @param {{ pointer: string, detail: string }[]} faults */
  setFaults(faults) {
    this.faults.clear();
    for (const { pointer, detail } of faults) {
      this.faults.set(pointer, [...(this.faults.get(pointer) ?? []), detail]);
    }
    this.redraw();
  }

  /** The mistakes at a place. @param {string} pointer */
  faultsAt(pointer) {
    return this.faults.get(pointer) ?? [];
  }

  /** Everything wrong at a place and in it, by place. @param {string} pointer */
  faultsIn(pointer) {
    return [...this.faults].filter(([each]) => isWithin(each, pointer));
  }

  /** Put a value at a place; undefined removes what is there. @param {string} pointer @param {any} value */
  change(pointer, value) {
    let { document } = this;
    for (const outer of pathTo(pointer).slice(1, -1)) {
      if (valueAt(document, outer) === undefined && this.fallbacks.has(outer)) {
        document = withValue(document, outer, this.fallbacks.get(outer));
      }
    }
    this.#become(withValue(document, pointer, value));
  }

  /** Replace a list whose entries have moved. What is folded open moves along.
   * @param {string} list @param {any[]} value @param {(index: number) => number | null} newIndex */
  rearrange(list, value, newIndex) {
    const moved = (/** @type {string} */ pointer) => afterMove(pointer, list, newIndex);
    this.open = new Set(present([...this.open].map(moved)));
    for (const map of /** @type {Map<string, any>[]} */ ([
      this.shown,
      this.stash,
      this.faults,
      this.fallbacks,
    ])) {
      const entries = [...map];
      map.clear();
      for (const [pointer, each] of entries) {
        const place = moved(pointer);
        if (place !== null) map.set(place, each);
      }
    }
    this.change(list, value);
  }

  /** Remove the last change. */
  undo() {
    if (!this.past.length) return;
    this.document = this.past.pop();
    this.typing = null;
    this.onChange(this.document);
    this.redraw();
  }

  /** Somebody types into a field. @param {string} pointer @param {string} text @param {any} value */
  type(pointer, text, value) {
    const isFirst = this.typing?.pointer !== pointer;
    this.typing = { pointer, text };
    // The letters of one text are one change.
    if (!isFirst) this.past.pop();
    this.change(pointer, value);
  }

  stopTyping() {
    this.typing = null;
    this.redraw();
  }

  /** The text of a field. @param {string} pointer @param {string} written its value as a text */
  textOf(pointer, written) {
    return this.typing?.pointer === pointer ? this.typing.text : written;
  }

  /** @param {string} pointer @param {boolean} isOpen */
  fold(pointer, isOpen) {
    if (isOpen === this.open.has(pointer)) return;
    if (isOpen) this.open.add(pointer);
    else this.open.delete(pointer);
    this.redraw();
  }

  /** Show only the entries of a list that have these words. @param {string} list @param {string} words */
  find(list, words) {
    this.finding.set(list, words);
    this.redraw();
  }

  /** Unfold everything around a place and go there. If the form has no such place, it goes to the
   * nearest place around it. @param {string} pointer */
  reveal(pointer) {
    const [first = ""] = partsOf(pointer);
    const section = this.sections().find(({ fields }) => fields.includes(first));
    if (section) this.open.add(section.id);
    this.finding.clear();
    this.redraw();
    const path = pathTo(pointer).slice(1);
    for (const place of path) {
      const isDrawn = document.getElementById(this.idOf(place)) !== null;
      if (!isDrawn) this.open.add(moreOf(place.slice(0, place.lastIndexOf("/"))));
      this.open.add(place);
      this.redraw();
    }
    const drawn = path.reverse().find((place) => document.getElementById(this.idOf(place)));
    this.focus(drawn ?? section?.id ?? "");
  }

  /** @param {string} pointer */
  focus(pointer) {
    const place = document.getElementById(this.idOf(pointer));
    place?.scrollIntoView({ block: "center" });
    place?.focus({ preventScroll: true });
  }

  /** The id of the element of a place. @param {string} pointer */
  idOf(pointer) {
    return `at${encodeURIComponent(pointer)}`;
  }

  /** The groups of the document's fields. Fields without a group are groups of their own. */
  sections() {
    const all = this.schema.shape.fields
      .map(({ name }) => name)
      .filter((name) => !this.words.hidden.has(name));
    const grouped = this.words.sections.map(({ title, fields }) => ({
      title,
      fields: fields.filter((name) => all.includes(name)),
    }));
    const others = all
      .filter((name) => !grouped.some(({ fields }) => fields.includes(name)))
      .map((name) => ({ title: this.words.label(`.${name}`), fields: [name] }));
    return [...grouped, ...others]
      .filter(({ fields }) => fields.length)
      .map((section) => ({ ...section, id: `section ${section.title}` }));
  }

  /** Whether a group of fields has this title, so that it need not be written twice. @param {string} label */
  isTitle(label) {
    return this.words.sections.some(({ title }) => title === label);
  }

  render() {
    const sections = this.sections();
    return html`<div class="schema-form">
      <nav class="contents" aria-label="Parts of the program">
        <ul>${sections.map((section) => html`<li>${this.#linkTo(section)}</li>`)}</ul>
      </nav>
      ${sections.map((section) => this.#section(section))}
    </div>`;
  }

  /** @param {{ title: string, fields: string[], id: string }} section */
  #linkTo({ title, fields, id }) {
    const go = (/** @type {Event} */ event) => {
      event.preventDefault();
      this.open.add(id);
      this.redraw();
      this.focus(id);
    };
    return html`<a href=${this.linkTo(inside("", fields[0]))} @click=${go}>${title}</a> ${this.badge(this.#count(fields))}`;
  }

  /** @param {{ title: string, fields: string[], id: string }} section */
  #section({ title, fields, id }) {
    const isOpen = this.open.has(id);
    const onToggle = (/** @type {Event} */ event) =>
      this.fold(id, /** @type {HTMLDetailsElement} */ (event.currentTarget).open);
    return html`<details class="section" ?open=${isOpen} @toggle=${onToggle}>
      <summary id=${this.idOf(id)}><h2>${title}</h2> ${this.badge(this.#count(fields))}</summary>
      ${isOpen ? fields.map((name) => this.#top(name)) : nothing}
    </details>`;
  }

  /** A field of the document itself. @param {string} name */
  #top(name) {
    const field = this.schema.shape.fields.find((each) => each.name === name);
    if (!field) return nothing;
    const label = this.words.label(`.${name}`);
    return part(this, {
      pointer: inside("", name),
      shape: field.shape,
      value: this.document[name],
      label,
      field: `.${name}`,
      isRequired: field.isRequired,
    });
  }

  /** @param {string[]} fields */
  #count(fields) {
    return fields.reduce((count, name) => count + this.faultsIn(inside("", name)).length, 0);
  }

  /** How many mistakes there are. @param {number} count */
  badge(count) {
    return count
      ? html`<span class="tag bad">${count} ${count === 1 ? "mistake" : "mistakes"}</span>`
      : nothing;
  }

  /** @param {any} document */
  #become(document) {
    this.past = [...this.past.slice(1 - UNDO_MAX), this.document];
    this.document = document;
    this.onChange(document);
    this.redraw();
  }
}

/** @template T @param {(T | null)[]} values @returns {T[]} */
function present(values) {
  return /** @type {T[]} */ (values.filter((value) => value !== null));
}
