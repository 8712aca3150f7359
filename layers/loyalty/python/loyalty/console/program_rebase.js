// @ts-check
// Somebody published a version since a draft began: both differences side by side, and the draft on
// top of that version.

import { html, nothing } from "./lit.js";
import { path } from "./api.js";
import { decided, merged } from "./merge.js";
import { isObject } from "./pointer.js";
import { differenceList } from "./program_check.js";
import { placeOf, valueWords } from "./schema_places.js";

/** @typedef {import("./merge.js").Conflict} Conflict */
/** @typedef {import("./program_editor.js").ProgramEditor} ProgramEditor */
/** @typedef {{ version: number, published_at: string, published_by: string | null, note: string | null }} Version */
/** @typedef {{ version: Version, document: any, base: any, changes: any[] }} Newer */

export class Rebase {
  /** @param {ProgramEditor} editor */
  constructor(editor) {
    this.editor = editor;
    /** @type {Newer | null} the version in force, if the draft does not know it */
    this.newer = null;
    /** @type {Set<string>} the conflicts in which their side counts, by place */
    this.theirs = new Set();
  }

  /** Look whether somebody has published since. */
  async look() {
    const { editor } = this;
    const { api } = editor.page;
    const { items } = await api.get("/versions", { limit: 1 });
    /** @type {Version} */
    const version = items[0];
    if (version.version <= editor.basedOn) {
      this.newer = null;
    } else if (!editor.draft) {
      const { document } = await api.get("", { version: version.version });
      editor.show(document, version.version);
    } else if (this.newer?.version.version !== version.version) {
      const [theirs, base, { changes }] = await Promise.all([
        api.get("", { version: version.version }),
        api.get("", { version: editor.basedOn }),
        api.get(path`/versions/${version.version}`, { with: editor.basedOn }),
      ]);
      if (editor.publication.isMine(version, theirs.document))
        return editor.publication.finish(version);
      this.newer = { version, document: theirs.document, base: base.document, changes };
    }
    editor.page.redraw();
  }

  render() {
    const { editor, newer } = this;
    if (!newer || newer.version.version <= editor.basedOn) return nothing;
    const { version, published_at: publishedAt, note } = newer.version;
    const both = this.#merged(newer);
    return html`<section class="panel newer" aria-labelledby="newer">
      <h2 id="newer" tabindex="-1">Version ${version} was published meanwhile</h2>
      <p>${editor.page.format.instant(publishedAt)}${note ? html`: ${note}` : nothing}</p>
      <div class="columns">
        <div>
          <h3>What version ${version} changed</h3>
          ${differenceList(newer.changes, null, "Nothing.")}
        </div>
        <div>
          <h3>What your draft changes</h3>
          ${
            editor.check.document
              ? differenceList(editor.changes, editor.form, "Nothing.")
              : html`<p class="quiet">The draft has mistakes, so it cannot be compared.</p>`
          }
        </div>
      </div>
      ${both.conflicts.length ? this.#conflicts(both.conflicts, both.document, version) : nothing}
      <p class="actions">
        <button type="button" class="primary" @click=${() => this.#apply(newer)}>Put my changes on top of version ${version}</button>
      </p>
    </section>`;
  }

  /** @param {Conflict[]} conflicts @param {any} document @param {number} version */
  #conflicts(conflicts, document, version) {
    return html`<h3>Both changed this differently</h3>
      ${conflicts.map((conflict, index) => this.#conflict(conflict, document, version, index))}`;
  }

  /** @param {Conflict} conflict @param {any} document @param {number} version @param {number} index */
  #conflict({ pointer, theirs, mine }, document, version, index) {
    const { form, page } = this.editor;
    const place = placeOf(form, pointer, document);
    const words = (/** @type {any} */ value) =>
      isObject(value) && value.name ? `“${value.name}”` : valueWords(form, place, value);
    const choose = (/** @type {boolean} */ isTheirs) => () => {
      if (isTheirs) this.theirs.add(pointer);
      else this.theirs.delete(pointer);
      page.redraw();
    };
    const side = (/** @type {boolean} */ isTheirs, /** @type {string} */ label) =>
      html`<label class="choice"><input type="radio" name="conflict-${index}" .checked=${this.theirs.has(pointer) === isTheirs}
        @change=${choose(isTheirs)} /> ${label}</label>`;
    return html`<fieldset>
      <legend>${place.words}</legend>
      <div class="choices-row">
        ${side(false, `Mine: ${words(mine)}`)} ${side(true, `Version ${version}: ${words(theirs)}`)}
      </div>
    </fieldset>`;
  }

  /** @param {Newer} newer */
  #merged(newer) {
    const { check, form } = this.editor;
    return merged(newer.base, newer.document, check.document ?? form.document);
  }

  /** @param {Newer} newer */
  #apply(newer) {
    const { editor } = this;
    const document = decided(this.#merged(newer), ({ pointer }) => this.theirs.has(pointer));
    this.newer = null;
    this.theirs.clear();
    editor.moveTo(document, newer.version.version);
    editor.page.announce(
      `Your changes are on top of version ${newer.version.version} now. Look at them before you publish.`,
    );
    editor.page.redraw();
  }
}
