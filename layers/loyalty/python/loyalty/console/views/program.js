// @ts-check
// Program: change the document as a form and as JSON, see what that changes, publish it.
//
// #/<program>/program is the program in force; #/<program>/program/<draft> is a draft. `?at=` is the
// place of the document to show.

import { html, nothing } from "../lit.js";
import { path } from "../api.js";
import { confirm } from "../forms.js";
import { personName } from "../names.js";
import { ProgramEditor } from "../program_editor.js";

/** @typedef {import("../types").Page} Page */
/** @typedef {import("../types").Schema<"DraftHead">} DraftHead */

/** @type {WeakMap<Page, { editor: ProgramEditor, id: string | undefined }>} */
const opened = new WeakMap();

/** @type {import("../types").View} */
export const view = {
  async open(page) {
    const [id] = page.params;
    const [schema, { items }] = await Promise.all([readSchema(page), page.api.get("/drafts")]);
    const editor = new ProgramEditor(page, schema);
    opened.set(page, { editor, id });
    if (!(await editor.open(id))) return missing(page);
    const isCurrent = () => opened.get(page)?.editor === editor;
    if (!isCurrent()) return;
    const others = items.filter((/** @type {DraftHead} */ each) => each.id !== id);
    page.show(
      () =>
        html`${others.length && !editor.draft ? draftList(page, others) : nothing} ${editor.render()}`,
    );
    goTo(page, editor);
  },

  follow(page) {
    const current = opened.get(page);
    const id = current?.editor.draft?.id;
    if (current && id === page.params[0]) return goTo(page, current.editor);
    return this.open(page);
  },
};

/** The schema of the version of the API that served this page. @param {Page} page */
async function readSchema(page) {
  const answer = await fetch(new URL("../program_schema.json", import.meta.url), {
    signal: page.signal,
  });
  return answer.json();
}

/** @param {Page} page @param {ProgramEditor} editor */
function goTo(page, editor) {
  const pointer = page.query.get("at");
  if (pointer) editor.reveal(pointer);
}

/** @param {Page} page */
function missing(page) {
  page.show(
    () => html`<p class="refused">This draft does not exist, or no longer exists. It may have been published.</p>
      <p class="actions"><a href=${page.link("program")}>The program in force</a> <a href=${page.link("versions")}>All versions</a></p>`,
  );
}

/** @param {Page} page @param {DraftHead[]} drafts */
function draftList(page, drafts) {
  const remove = (/** @type {DraftHead} */ draft) => async () => {
    const isSure = await confirm({
      title: "Delete this draft?",
      text: "What was changed in it is lost. The program in force stays as it is.",
      action: "Delete",
      isDanger: true,
    });
    if (!isSure) return;
    try {
      await page.api.request("DELETE", path`/drafts/${draft.id}`);
      page.announce("The draft was deleted.");
      await view.open(page);
    } catch (error) {
      page.fail(error);
    }
  };
  return html`<section class="panel" aria-labelledby="drafts">
    <h2 id="drafts">Drafts</h2>
    <ul class="rows">
      ${drafts.map(
        (draft) => html`<li>
          <a href=${page.link("program", draft.id)}>Draft of ${page.format.instant(draft.changed_at)}</a>
          <span class="quiet">by ${personName(page, draft.changed_by, draft.changed_by_name)}${draft.based_on ? `, on top of version ${draft.based_on}` : nothing}</span>
          <button type="button" @click=${remove(draft)} aria-label="Delete the draft of ${page.format.instant(draft.changed_at)}">Delete</button>
        </li>`,
      )}
    </ul>
  </section>`;
}
