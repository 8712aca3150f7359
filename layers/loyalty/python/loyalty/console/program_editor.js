// @ts-check
// A draft of the program while somebody works on it: its form, its JSON, what it changes.

import { html, nothing } from "./lit.js";
import { Basket } from "./basket.js";
import { Check, differenceList, faultList, warningList, worstCase } from "./program_check.js";
import { Draft, newDraftId } from "./drafts.js";
import { JsonText } from "./json_text.js";
import { MailPreview } from "./mail_preview.js";
import { Publication } from "./program_publish.js";
import { DocumentTrial } from "./trial.js";
import { Rebase } from "./program_rebase.js";
import { programWords } from "./program_words.js";
import { SchemaForm } from "./schema_form.js";
import { tabbed } from "./tabs.js";

/** @typedef {import("./types").Page} Page */
/** @typedef {import("./types").Content} Content */

const NARROW = "(width < 60rem)";
const TAB = "tab";

export class ProgramEditor {
  /** @param {Page} page @param {any} schema */
  constructor(page, schema) {
    this.page = page;
    this.narrow = matchMedia(NARROW);
    this.narrow.addEventListener("change", () => page.redraw(), { signal: page.signal });
    this.tab = page.recall(TAB) ?? (this.narrow.matches ? "form" : (page.query.get(TAB) ?? "json"));
    /** The version that the document began with. */
    this.basedOn = page.inForce.version;
    this.form = new SchemaForm({
      schema,
      words: programWords(page.format),
      document: page.inForce.document,
      linkTo: (pointer) => page.link("program", ...page.params, { at: pointer }),
      onReveal: (pointer) => this.reveal(pointer),
      redraw: () => page.redraw(),
      onChange: () => this.#changed(),
    });
    this.json = new JsonText(
      () => this.form.document,
      (document) => (document === undefined ? page.redraw() : this.form.replace(document)),
    );
    /** @type {Draft | null} null while nothing has been changed */
    this.draft = null;
    this.check = new Check(page, () => this.form.setFaults(this.check.faults));
    this.mails = new MailPreview(page, this.form);
    this.basket = new Basket(this);
    this.trial = new DocumentTrial(this);
    this.rebase = new Rebase(this);
    this.publication = new Publication(this);
    page.signal.addEventListener("abort", () => this.draft?.flush());
    document.addEventListener("visibilitychange", () => this.#seen(), { signal: page.signal });
  }

  /** Open a draft, or the program in force. @param {string | undefined} draftId */
  async open(draftId) {
    if (draftId) {
      this.draft = new Draft(this.page, draftId, () => this.page.redraw());
      const isThere = await this.draft.read();
      if (!isThere) return false;
      this.#take();
    }
    await Promise.all([this.rebase.look(), this.check.now(this.form.document, this.basedOn)]);
    return true;
  }

  /** Show a place of the form. @param {string} pointer */
  reveal(pointer) {
    if (this.narrow.matches) this.choose("form");
    this.form.reveal(pointer);
  }

  /** @param {string} tab */
  choose(tab) {
    this.tab = tab;
    this.page.remember(TAB, tab);
    if (tab === "mails") this.mails.load();
    this.page.redraw();
  }

  /** Show a version that is in force, as nothing has been changed yet.
   * @param {any} document @param {number} version */
  show(document, version) {
    this.basedOn = version;
    this.form.document = document;
    this.check.soon(document, version);
  }

  /** Continue on top of another version. @param {any} document @param {number} version */
  moveTo(document, version) {
    this.basedOn = version;
    this.publication.form.problem = null;
    this.form.replace(document);
  }

  /** Whether something is different from the version that the draft began with. */
  get changes() {
    return this.check.outcome.checked?.changes ?? [];
  }

  render() {
    const form = () => html`<div ?inert=${Boolean(this.json.mistake)}>${this.form.render()}</div>`;
    const tabs = [
      { id: "json", title: "JSON", content: () => this.json.render() },
      { id: "changes", title: html`Changes ${this.#count()}`, content: () => this.#changes() },
      { id: "basket", title: "Basket", content: () => this.basket.render() },
      { id: "trial", title: "Last year", content: () => this.trial.render() },
      { id: "mails", title: "Mails", content: () => this.mails.render() },
    ];
    const all = this.narrow.matches
      ? [{ id: "form", title: "Form", content: form }, ...tabs]
      : tabs;
    const panels = tabbed({
      label: "Draft",
      tabs: all,
      current: this.tab,
      choose: (tab) => this.choose(tab),
    });
    return html`${this.#bar()} ${this.rebase.render()}
      <div class="editor">
        ${this.narrow.matches ? nothing : html`<div class="editor-form">${this.json.mistake ? html`<p class="refused">The form waits until the JSON is correct.</p>` : nothing}${form()}</div>`}
        <div class="editor-side">${panels}</div>
      </div>`;
  }

  #bar() {
    const { draft } = this;
    const review = () => {
      this.choose("changes");
      document.getElementById("changes")?.focus();
    };
    return html`<div class="draft-bar">
      <p role="status">${stateWords(draft, this.basedOn, this.json.mistake !== "")}</p>
      <p class="actions">
        <button type="button" ?disabled=${!this.form.past.length} @click=${() => this.form.undo()}>Undo</button>
        ${draft ? html`<button type="button" class="primary" @click=${review}>Review and publish</button>` : nothing}
      </p>
      ${draft && (draft.state === "changed" || draft.state === "gone") ? this.#elsewhere(draft) : nothing}
    </div>`;
  }

  /** Somebody changed or removed the draft elsewhere. @param {Draft} draft */
  #elsewhere(draft) {
    const { page } = this;
    const keep = () => draft.keepMine().catch((error) => page.fail(error));
    const take = () => {
      draft.takeTheirs();
      this.#take();
      this.check.soon(this.form.document, this.basedOn);
      page.redraw();
    };
    const words = draft.theirs
      ? `This draft was saved elsewhere, ${page.format.instant(draft.theirs.changed_at)}. What you typed since is only in this tab.`
      : "This draft was deleted or published elsewhere. What you typed is only in this tab.";
    return html`<div class="refused" role="alert">
      <p>${words}</p>
      <p class="actions">
        <button type="button" @click=${keep}>Save mine</button>
        ${draft.theirs ? html`<button type="button" @click=${take}>Continue with the other</button>` : nothing}
      </p>
    </div>`;
  }

  #count() {
    const faults = this.check.faults.length;
    if (faults) return this.form.badge(faults);
    return this.changes.length ? html`<span class="tag">${this.changes.length}</span>` : nothing;
  }

  #changes() {
    const { check, form } = this;
    const { problem, checked } = check.outcome;
    const same = `It says what version ${this.basedOn} says.`;
    return html`<h2 id="changes" tabindex="-1">What it changes</h2>
      <div aria-busy=${check.isRunning ? "true" : nothing}>
        ${problem ? html`<p class="refused">${problem}</p>` : nothing}
        ${checked ? nothing : html`<p class="quiet">Checking…</p>`} ${faultList(form, check.faults)}
        ${check.document ? differenceList(this.changes, form, same) : nothing}
        ${checked ? html`${warningList(form, checked.warnings)} ${worstCase(checked.worst_case, this.page)}` : nothing}
      </div>
      ${this.draft ? this.publication.render() : nothing}`;
  }

  /** Show what the draft contains. */
  #take() {
    const content = this.draft?.content;
    if (!content) return;
    this.form.document = content.document;
    this.basedOn = content.based_on ?? this.page.inForce.version;
  }

  /** The first change begins a draft. */
  #changed() {
    const { page, form } = this;
    if (!this.draft) {
      const id = newDraftId(page.format.today());
      this.draft = new Draft(page, id, () => page.redraw());
      page.moveTo(id);
    }
    this.draft.change({ document: form.document, based_on: this.basedOn });
    this.check.soon(form.document, this.basedOn);
    this.mails.isStale = true;
    this.basket.isStale = true;
    this.trial.isStale = true;
  }

  #seen() {
    if (document.visibilityState === "hidden") this.draft?.flush();
    else this.rebase.look().catch((error) => this.page.fail(error));
  }
}

/** @param {Draft | null} draft @param {number} version @param {boolean} isBroken */
function stateWords(draft, version, isBroken) {
  if (isBroken) return "The JSON has a mistake, so it is not saved.";
  if (!draft)
    return `Version ${version} is in force. Your first change begins a draft; nothing changes until you publish it.`;
  const from = `Draft on top of version ${version}`;
  switch (draft.state) {
    case "saved":
      return `${from} · saved`;
    case "waiting":
      return `${from} · not saved yet, because the API does not answer; it is kept in this tab`;
    case "refused":
      return `${from} · not saved: ${draft.reason}`;
    case "changed":
    case "gone":
      return `${from} · not saved`;
    default:
      return `${from} · saving…`;
  }
}
