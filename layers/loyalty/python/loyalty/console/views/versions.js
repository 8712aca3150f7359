// @ts-check
// Versions: who published what, when and why; what is different between any two; an old one as a draft.
//
// #/<program>/versions lists them; #/<program>/versions/<number>?with=<number> compares one.

import { html, nothing } from "../lit.js";
import { Problem, path } from "../api.js";
import { newDraftId } from "../drafts.js";
import { differenceList } from "../program_check.js";
import { personName } from "../names.js";
import { listed } from "../table.js";

/** @typedef {import("../types").Page} Page */
/** @typedef {import("../types").Schema<"VersionAnswer">} Version */

/** @type {import("../types").View} */
export const view = {
  async open(page) {
    const [number] = page.params;
    return number === undefined ? all(page) : one(page, number);
  },
};

/** @param {Page} page */
async function all(page) {
  const list = page.api.list("/versions", { limit: 25 });
  await list.next();
  const newest = list.items[0]?.version;
  /** @type {import("../table.js").Column<Version>[]} */
  const columns = [
    { label: "Version", isHead: true, cell: (each) => linkTo(page, each.version, newest) },
    { label: "Published", cell: (each) => page.format.instant(each.published_at) },
    { label: "Why", cell: (each) => each.note ?? "–" },
  ];
  if (page.may("manager")) {
    columns.splice(2, 0, { label: "By", cell: (each) => publisher(page, each) });
  }
  const options = { caption: "Versions", columns, empty: "Nothing was published yet." };
  page.show(() => listed(page, list, options));
}

/** @param {Page} page @param {number} version @param {number} newest */
function linkTo(page, version, newest) {
  return html`<a href=${page.link("versions", String(version))}>Version ${version}</a> ${tag(version === newest)}`;
}

/** @param {Page} page @param {Version} version */
const publisher = (page, { published_by: subject, published_by_name: name }) =>
  subject ? personName(page, subject, name) : "–";

/** @param {boolean} isInForce */
const tag = (isInForce) => (isInForce ? html`<span class="tag">in force</span>` : nothing);

/** @param {Page} page @param {string} number */
async function one(page, number) {
  const [{ document }, version, { items }] = await Promise.all([
    page.api.get("", { version: number }),
    page.api.get(path`/versions/${number}`, { with: page.query.get("with") }),
    page.api.get("/versions", { limit: 1 }),
  ]);
  const { compared_with: other, changes } = version;
  const newest = items[0].version;
  const since = other ? `What is different from version ${other}` : "The first version";
  const none = other ? "Nothing." : "There is no version before it.";
  page.show(
    () => html`<dl class="facts">
        <dt>Published</dt>
        <dd>${page.format.instant(version.published_at)} ${tag(version.version === newest)}</dd>
        ${version.published_by ? html`<dt>By</dt><dd>${publisher(page, version)}</dd>` : nothing}
        <dt>Why</dt>
        <dd>${version.note ?? "–"}</dd>
      </dl>
      <h2>${since}</h2>
      ${differenceList(changes, null, none)}
      ${newest > 1 ? comparison(page, version.version, other, newest) : nothing}
      ${page.may("manager") ? restoring(page, version.version, document, newest) : nothing}
      <details><summary>The document as JSON</summary>
        <pre tabindex="0">${JSON.stringify(document, null, 2)}</pre></details>
      <p class="actions"><a href=${page.link("versions")}>All versions</a></p>`,
    { title: `Version ${number}` },
  );
}

/** @param {Page} page @param {number} number @param {number | null} compared @param {number} newest */
function comparison(page, number, compared, newest) {
  const compare = (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    const other = new FormData(/** @type {HTMLFormElement} */ (event.currentTarget)).get("with");
    page.go(page.link("versions", String(number), { with: String(other) }));
  };
  return html`<form class="controls" @submit=${compare}>
    <label>Compare with version
      <input name="with" type="number" required min="1" max=${newest} .value=${String(compared ?? newest)} /></label>
    <button>Compare</button>
  </form>`;
}

/** An old version comes back as a draft, so that somebody looks at it before it is published.
 * @param {Page} page @param {number} number @param {any} document @param {number} newest */
function restoring(page, number, document, newest) {
  if (number === newest) return nothing;
  const restore = async () => {
    const id = newDraftId(page.format.today());
    try {
      await page.api.request("PUT", path`/drafts/${id}`, {
        isNew: true,
        body: { document, based_on: newest },
      });
      page.announce(`Version ${number} is a draft now. Look at what it would change.`);
      page.go(page.link("program", id));
    } catch (error) {
      if (error instanceof Problem && error.status === 409) return page.announce(error.message);
      page.fail(error);
    }
  };
  return html`<p class="actions"><button type="button" @click=${restore}>Restore as a draft</button></p>`;
}
