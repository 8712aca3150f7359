// @ts-check
// What a view is given: its place on the page, its part of the address, and what it keeps.

import { html, render } from "./lit.js";
import { Problem } from "./api.js";
import { Format } from "./format.js";

/** @typedef {import("./types").Content} Content */

export class Page {
  /**
   * @param {object} options
   * @param {import("./api.js").Api} options.api
   * @param {import("./session.js").Session} options.session
   * @param {import("./types").ViewEntry} options.entry
   * @param {import("./address.js").Address} options.address
   * @param {import("./types").Page["inForce"]} options.inForce
   * @param {HTMLElement} options.place
   * @param {(page: Page, error: unknown) => void} options.onFail
   * @param {(program: string, inForce: import("./types").Page["inForce"]) => void} options.onProgram
   */
  constructor({ api, session, entry, address, inForce, place, onFail, onProgram }) {
    this.session = session;
    this.entry = entry;
    this.program = address.program;
    this.params = address.params;
    this.query = address.query;
    this.inForce = inForce;
    this.place = place;
    this.onFail = onFail;
    this.onProgram = onProgram;
    this.roles = session.rolesIn(address.program);
    this.format = new Format(inForce.document);
    this.leaving = new AbortController();
    this.api = api.of(address.program, this.leaving.signal);
    this.title = entry.title;
    /** @type {(() => Content) | null} */
    this.content = null;
  }

  get signal() {
    return this.leaving.signal;
  }

  /** The subject (`sub`) of the person's token, as actions and entries name them. */
  get subject() {
    return this.session.subject;
  }

  /** @param {() => Content} content @param {{ title?: string }} [options] */
  show(content, { title = this.title } = {}) {
    const isFirst = this.content === null;
    if (!this.signal.aborted) this.place.dataset.view = this.entry.name;
    this.content = content;
    this.title = title;
    this.redraw();
    if (isFirst && !this.signal.aborted) this.place.querySelector("h1")?.focus();
  }

  redraw() {
    if (this.signal.aborted || !this.content) return;
    document.title = `${this.title} · ${this.inForce.document.name}`;
    this.place.removeAttribute("aria-busy");
    render(
      html`<h1 tabindex="-1">${this.title}</h1><div class="view">${this.content()}</div>`,
      this.place,
    );
  }

  /** @param {import("./types").Role[]} roles */
  may(...roles) {
    return roles.some((role) => this.roles.has(role));
  }

  /** @param {string} view @param {(string | Record<string, string>)[]} parts */
  link(view, ...parts) {
    const texts = parts.filter((part) => typeof part === "string");
    const [query] = parts.filter((part) => typeof part !== "string");
    const where = [this.program, view, ...texts].map(encodeURIComponent).join("/");
    return `#/${where}${query ? `?${new URLSearchParams(/** @type {any} */ (query))}` : ""}`;
  }

  /** @param {string} address */
  go(address) {
    location.hash = address;
  }

  /** Go to other parameters of this view without opening it again. @param {string[]} params */
  moveTo(...params) {
    this.params = params;
    this.query = new URLSearchParams();
    history.replaceState(null, "", this.link(this.entry.name, ...params));
  }

  /** Somebody published a version here. @param {import("./types").Page["inForce"]} inForce */
  learnProgram(inForce) {
    this.inForce = inForce;
    this.format = new Format(inForce.document);
    this.onProgram(this.program, inForce);
  }

  /** Read the version in force. For 30 seconds an older one may be answered. */
  async refreshProgram() {
    const read = await this.api.get("");
    if (read.version >= this.inForce.version) this.learnProgram(read);
  }

  /** @param {unknown} error */
  fail(error) {
    if (!this.signal.aborted) this.onFail(this, error);
  }

  /** Do something that the API may refuse, and say how it ended. Returns whether it was done.
   * @param {() => Promise<unknown>} act @param {string} done what is said when it was */
  async attempt(act, done) {
    try {
      await act();
    } catch (error) {
      if (error instanceof Problem && error.status !== 401) this.announce(error.message);
      else this.fail(error);
      return false;
    }
    this.announce(done);
    return true;
  }

  /** @param {string} text */
  announce(text) {
    const place = /** @type {HTMLElement} */ (document.getElementById("announcer"));
    render(html`<p>${text}</p>`, place);
    setTimeout(() => {
      if (place.textContent === text) render(html``, place);
    }, 8_000);
  }

  /** @param {string} name @param {unknown} value */
  remember(name, value) {
    this.session.write(this.#keyOf(name), value);
  }

  /** @param {string} name */
  recall(name) {
    return this.session.read(this.#keyOf(name));
  }

  /** @param {string} name */
  forget(name) {
    this.session.remove(this.#keyOf(name));
  }

  /** @param {string} name */
  #keyOf(name) {
    return ["kept", this.program, this.entry.name, ...this.params, name].join(" ");
  }
}

/** An error in words for people. @param {unknown} error */
export function wordsOf(error) {
  if (error instanceof Problem && error.status === 403) return "Your role may not see this.";
  if (error instanceof Problem && error.status === 404)
    return "This does not exist, or no longer exists.";
  if (error instanceof Problem && error.status < 500) return error.message;
  if (error instanceof Problem)
    return `Something went wrong. If it happens again, report this request: ${error.requestId}`;
  return "Something went wrong on this page. Reload it.";
}
