// @ts-check
// A draft that saves itself. What could not be saved yet is also kept in the tab.

import { Problem, path, Unreachable } from "./api.js";
import { isEqual } from "./pointer.js";

/** @typedef {import("./types").Page} Page */
/**
 * `changed`: somebody saved the draft since; a person decides. `gone`: it was deleted or published.
 * `waiting`: the API does not answer, and saving is tried again.
 * @typedef {"new" | "saved" | "unsaved" | "saving" | "waiting" | "changed" | "gone" | "refused"} DraftState
 */
/** @typedef {{ document: any, based_on: number | null }} DraftContent */

const SAVE_AFTER_MS = 800;
const RETRY_AFTER_MS = 3_000;
const KEPT = "unsaved";
// So many saves without an answer are remembered.
const UNANSWERED_MAX = 3;

export class Draft {
  /** @param {Page} page @param {string} id @param {() => void} onState */
  constructor(page, id, onState) {
    this.page = page;
    this.id = id;
    this.onState = onState;
    /** @type {DraftState} */
    this.state = "new";
    /** @type {DraftContent | null} what is to be saved, or was */
    this.content = null;
    /** @type {string | null} of what was saved */
    this.etag = null;
    /** @type {DraftContent[]} what was sent and may have been saved, as no answer came */
    this.unanswered = [];
    /** @type {any} what somebody else saved, while the state is `changed` */
    this.theirs = null;
    /** Why it was refused. */
    this.reason = "";
    /** @type {string | null} when it was saved last */
    this.savedAt = null;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    /** @type {Promise<void> | null} */
    this.saving = null;
  }

  /** Read a draft; false if there is none. What the tab has kept of it counts as just typed. */
  async read() {
    const answer = await this.#answer();
    const kept = this.page.recall(KEPT);
    if (answer) this.#saved(answer);
    if (!kept) return answer !== null;
    this.content = kept.content;
    this.unanswered = kept.unanswered ?? [];
    if (answer && (kept.etag === this.etag || this.#isMine(answer.body))) this.change(kept.content);
    else this.#become(answer ? "changed" : "gone", { theirs: answer?.body ?? null });
    return true;
  }

  /** Save this soon. @param {DraftContent} content */
  change(content) {
    this.content = content;
    this.#keep();
    if (this.state === "changed" || this.state === "gone") return;
    this.#become("unsaved");
    this.#saveAfter(SAVE_AFTER_MS);
  }

  /** Save now what is not saved. */
  async flush() {
    clearTimeout(this.timer);
    while (this.saving) await this.saving;
    if (!["unsaved", "waiting"].includes(this.state)) return;
    this.saving = this.#save().finally(() => {
      this.saving = null;
    });
    await this.saving;
  }

  /** Save mine over what somebody else saved, or again if it is gone. */
  async keepMine() {
    const answer = await this.#answer();
    this.etag = answer?.etag ?? null;
    this.#become("unsaved", { theirs: null });
    await this.flush();
  }

  /** Continue with what somebody else saved. */
  takeTheirs() {
    this.page.forget(KEPT);
    this.#saved({ body: this.theirs, etag: `"${this.theirs.revision}"` });
  }

  async remove() {
    clearTimeout(this.timer);
    while (this.saving) await this.saving;
    this.#become("new");
    this.page.forget(KEPT);
    await this.page.api.request("DELETE", path`/drafts/${this.id}`, { signal: undefined });
  }

  /** @param {number} ms */
  #saveAfter(ms) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.flush().catch((error) => this.page.fail(error)), ms);
  }

  async #save() {
    const { content } = this;
    this.#become("saving");
    try {
      // A change outlives the view, and the API takes a repeated one as the same.
      const answer = await this.page.api.request("PUT", path`/drafts/${this.id}`, {
        body: content,
        ...(this.etag ? { ifMatch: this.etag } : { isNew: true }),
        signal: undefined,
      });
      this.etag = answer.etag;
      this.unanswered = [];
      if (this.content === content) {
        this.page.forget(KEPT);
        this.#saved(answer);
      } else {
        this.change(/** @type {DraftContent} */ (this.content));
      }
    } catch (error) {
      await this.#failed(error, content);
    }
  }

  /** @param {unknown} error @param {DraftContent | null} content what was sent */
  async #failed(error, content) {
    if (isPassing(error)) {
      if (content) this.unanswered = [...this.unanswered.slice(1 - UNANSWERED_MAX), content];
      this.#keep();
      this.#become("waiting");
      return this.#saveAfter(RETRY_AFTER_MS);
    }
    if (!(error instanceof Problem) || error.status === 401) return this.page.fail(error);
    if (error.status !== 412) return this.#become("refused", { reason: error.message });
    const answer = await this.#answer();
    if (answer && this.#isMine(answer.body)) {
      this.etag = answer.etag;
      this.unanswered = [];
      return this.change(/** @type {DraftContent} */ (this.content));
    }
    this.#become(answer ? "changed" : "gone", { theirs: answer?.body ?? null });
  }

  /** Whether the draft on file is one that this tab saved, though the answer was lost.
   * @param {DraftContent} body */
  #isMine({ document, based_on: basedOn }) {
    return this.unanswered.some(
      (each) => each.based_on === basedOn && isEqual(each.document, document),
    );
  }

  #keep() {
    const { content, etag, unanswered } = this;
    this.page.remember(KEPT, { content, etag, unanswered });
  }

  /** The draft on file; null if there is none. */
  async #answer() {
    try {
      return await this.page.api.request("GET", path`/drafts/${this.id}`);
    } catch (error) {
      if (error instanceof Problem && error.status === 404) return null;
      throw error;
    }
  }

  /** @param {{ body: any, etag: string | null }} answer */
  #saved({ body, etag }) {
    this.etag = etag;
    this.content = { document: body.document, based_on: body.based_on };
    this.savedAt = body.changed_at;
    this.#become("saved", { theirs: null });
  }

  /** @param {DraftState} state @param {{ theirs?: any, reason?: string }} [more] */
  #become(state, more = {}) {
    Object.assign(this, { state, reason: "" }, more);
    this.onState();
  }
}

/** Whether it may work later, as it is. @param {unknown} error */
export function isPassing(error) {
  const isBusy = error instanceof Problem && (error.status >= 500 || error.status === 429);
  return isBusy || error instanceof Unreachable;
}

/** An id for a new draft: the day, and some letters. @param {string} day */
export function newDraftId(day) {
  return `${day}-${crypto.randomUUID().slice(0, 8)}`;
}

/** Begin a draft with a document on top of the version in force. Returns its id.
 * @param {Page} page @param {any} document */
export async function beginDraft(page, document) {
  const id = newDraftId(page.format.today());
  await page.api.request("PUT", path`/drafts/${id}`, {
    body: { document, based_on: page.inForce.version },
    isNew: true,
  });
  return id;
}
