// @ts-check
// How small an effect the holdouts of a draft's campaigns could show, with the orders there were.

import { html, nothing } from "./lit.js";
import { Form } from "./forms.js";
import { dayAfter } from "./moments.js";

/** @typedef {import("./program_editor.js").ProgramEditor} ProgramEditor */
/** @typedef {import("./types").Page} Page */
/** @typedef {import("./types").Schema<"HoldoutTrialAnswer">} Reach */
/** @typedef {{ name: string, percent: number, reach: Reach }} Found */

// How long a campaign without a last day is assumed to run.
const DAYS = 28;

export class HoldoutReach {
  /** @param {ProgramEditor} editor */
  constructor(editor) {
    this.editor = editor;
    this.page = editor.page;
    /** @type {Found[]} */
    this.found = [];
    this.form = new Form(this.page, "reach", {
      keepsValues: true,
      act: () => this.#ask(),
      done: () => this.page.redraw(),
    });
  }

  /** The campaigns of the draft that hold members out. */
  get #campaigns() {
    const campaigns = this.editor.check.document?.campaigns ?? [];
    return campaigns.filter((/** @type {any} */ { holdout }) => holdout);
  }

  render() {
    if (!this.#campaigns.length) return nothing;
    return html`<h2>What its holdouts can show</h2>
      <p class="quiet">If the effect of a campaign is smaller than this, you will not learn whether it worked.</p>
      ${this.form.render(nothing, { submit: "How small an effect can be seen?" })}
      ${this.found.length ? html`<ul>${this.found.map((each) => html`<li>${this.#sentence(each)}</li>`)}</ul>` : nothing}`;
  }

  async #ask() {
    const found = this.#campaigns.map(async (/** @type {any} */ { name, holdout, when }) => {
      const from = when?.starts_on ?? this.page.format.today();
      const to = when?.ends_on ?? dayAfter(from, DAYS - 1);
      const { body } = await this.page.api.request("POST", "/trials/holdout", {
        body: { percent: holdout.percent, from, to },
      });
      return { name, percent: holdout.percent, reach: body };
    });
    this.found = await Promise.all(found);
  }

  /** @param {Found} found */
  #sentence({ name, percent, reach }) {
    const { format } = this.page;
    const sides = `${format.number(reach.members)} members get the campaign, ${format.number(reach.held_out)} are held out (${percent}%)`;
    if (!reach.least)
      return html`<b>${name}</b>: ${sides}. That is too few to show anything: it takes 100 on each side.`;
    const days = `${format.day(reach.first_day)} to ${format.day(reach.last_day)}`;
    const share = reach.least_ratio === null ? "" : ` (${format.percent(reach.least_ratio)})`;
    return html`<b>${name}</b>: ${sides}. From ${days} members bought for ${format.money(reach.mean)} on average. This can show
      a change of ${format.money(reach.least)}${share} or more.`;
  }
}
