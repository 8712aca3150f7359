// @ts-check
// Rows of a form that somebody adds and removes: goods, codes, payments.

/** @typedef {import("./forms.js").Form} Form */

/** Rows in fields such as `order/lines/0/amount`. How many there are stands at `order/lines`. */
export class Rows {
  /**
   * @param {Form} form
   * @param {string} at the JSON pointer of the list, without the first slash
   * @param {object} options
   * @param {string[]} [options.names] of the fields of a row; none: a row is one field
   * @param {Record<string, string>} [options.first] what a new row contains, by name
   * @param {number} options.most
   */
  constructor(form, at, { names = [""], first = {}, most }) {
    this.form = form;
    this.at = at;
    this.names = names;
    this.first = first;
    this.most = most;
  }

  get count() {
    return countIn(this.form.values, this.at, this.most);
  }

  get isFull() {
    return this.count >= this.most;
  }

  /** The name of a field. @param {number} index @param {string} [name] */
  field(index, name = "") {
    return fieldOf(this.at, index, name);
  }

  add() {
    const { count } = this;
    const first = this.names.map((name) => [this.field(count, name), this.first[name] ?? ""]);
    this.form.set({ ...Object.fromEntries(first), [this.at]: String(count + 1) });
  }

  /** Remove a row: those after it move up. @param {number} index */
  remove(index) {
    const { count, form } = this;
    const moved = { [this.at]: String(count - 1) };
    for (let place = index; place < count; place += 1) {
      for (const name of this.names) {
        moved[this.field(place, name)] = form.text(this.field(place + 1, name));
      }
    }
    form.set(moved);
  }

  /** @template T @param {(index: number) => T} draw @returns {T[]} */
  map(draw) {
    return Array.from({ length: this.count }, (_, index) => draw(index));
  }
}

/** How many rows there are, one at least. @param {Record<string, unknown>} values @param {string} at
 * @param {number} most */
export function countIn(values, at, most) {
  return Math.min(most, Math.max(1, Number(values[at]) || 1));
}

/** @param {string} at @param {number} index @param {string} name */
export function fieldOf(at, index, name) {
  return name ? `${at}/${index}/${name}` : `${at}/${index}`;
}
