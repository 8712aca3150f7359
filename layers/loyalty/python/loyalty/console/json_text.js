// @ts-check
// The JSON of a document as a text that can be changed.

import { html, live, nothing } from "./lit.js";
import { isObject } from "./pointer.js";

export class JsonText {
  /** @param {() => any} document the document to show @param {(document: any) => void} onChange
   * somebody typed another one */
  constructor(document, onChange) {
    this.read = document;
    this.onChange = onChange;
    /** @type {{ text: string, document: any } | null} what somebody typed, and what it says */
    this.typed = null;
    /** Why the text says nothing. */
    this.mistake = "";
  }

  get text() {
    const document = this.read();
    if (this.typed && (this.mistake || this.typed.document === document)) return this.typed.text;
    return JSON.stringify(document, null, 2);
  }

  /** @param {string} text */
  type(text) {
    const { document, mistake } = parsed(text);
    this.mistake = mistake;
    this.typed = { text, document };
    this.onChange(mistake ? undefined : document);
  }

  /** Forget a text that says nothing. */
  discard() {
    this.typed = null;
    this.mistake = "";
    this.onChange(undefined);
  }

  render() {
    const onInput = (/** @type {Event} */ event) =>
      this.type(/** @type {HTMLTextAreaElement} */ (event.currentTarget).value);
    return html`<div class="field json">
      <label for="json">JSON</label>
      ${
        this.mistake
          ? html`<p class="fault" id="json-fault">${this.mistake}</p>
            <p class="actions"><button type="button" @click=${() => this.discard()}>Discard this text</button></p>`
          : nothing
      }
      <textarea id="json" spellcheck="false" autocomplete="off" wrap="off"
        aria-describedby=${this.mistake ? "json-fault" : nothing} aria-invalid=${this.mistake ? "true" : nothing}
        @input=${onInput} .value=${live(this.text)}></textarea>
    </div>`;
  }
}

/** @param {string} text @returns {{ document: any, mistake: string }} */
function parsed(text) {
  try {
    const document = JSON.parse(text);
    return isObject(document)
      ? { document, mistake: "" }
      : { document: null, mistake: "A program is a JSON object: { … }." };
  } catch (error) {
    return {
      document: null,
      mistake: `This is not JSON yet. ${/** @type {Error} */ (error).message}`,
    };
  }
}
