// @ts-check
// Home: which program this is, who is signed in, and where to go.

import { html } from "../lit.js";
import { VIEWS } from "../views.js";

/** @type {import("../types").View} */
export const view = {
  open(page) {
    const { document, version, published_at: publishedAt } = page.inForce;
    const links = VIEWS.filter(
      ({ name, roles, isListed }) => name !== "home" && isListed !== false && page.may(...roles),
    );
    page.show(
      () => html`<p>
          Version ${version}, published ${page.format.instant(publishedAt)}. Days are days in
          ${document.time_zone}.
        </p>
        <ul class="choices">
          ${links.map(({ name, title }) => html`<li><a href=${page.link(name)}>${title}</a></li>`)}
        </ul>`,
      { title: document.name },
    );
  },
};
