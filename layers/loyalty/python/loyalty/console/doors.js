// @ts-check
// The pages before any view: sign in, whose link it is, which program.

import { html, nothing } from "./lit.js";
import { bearer } from "./session.js";

/** @typedef {import("./session.js").Session} Session */

/** Ask the person to sign in, or for a token if there is no sign-in.
 * @param {import("./auth.js").Auth} auth @param {string} reason @param {() => void} onSignedIn */
export function signInDoor(auth, reason, onSignedIn) {
  const open = (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    const token = String(
      new FormData(/** @type {HTMLFormElement} */ (event.currentTarget)).get("token"),
    ).trim();
    if (!token) return;
    auth.session.signIn({ id: token });
    onSignedIn();
  };
  const way = auth.hasPages
    ? html`<p class="actions"><button type="button" class="primary" @click=${() => auth.signIn()}>Sign in</button></p>`
    : html`<form class="form" @submit=${open}>
        <div class="field">
          <label for="token">Token</label>
          <input id="token" name="token" type="password" autocomplete="off" required />
        </div>
        <p class="actions"><button class="primary">Open</button></p>
      </form>`;
  return door("Sign in", html`<p>${reason}</p>${way}`);
}

/** A link brought a token while somebody is signed in: ask which to use before changing it.
 * @param {Session} session @param {() => void} onAnswered */
export function whoseDoor(session, onAnswered) {
  const answer = (/** @type {boolean} */ isAccepted) => () => {
    session.answerOffer(isAccepted);
    onAnswered();
  };
  return door(
    "Whose console?",
    html`<p>
        You are signed in as ${session.who}. This link would sign you in as
        ${bearer(session.offered ?? "")}.
      </p>
      <p class="actions">
        <button type="button" @click=${answer(false)}>Stay</button>
        <button type="button" @click=${answer(true)}>Use the link</button>
      </p>`,
  );
}

/** Let the person choose a program.
 * @param {Session} session @param {string[]} programs @param {() => void} onLeave */
export function programDoor(session, programs, onLeave) {
  const open = (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    const id = new FormData(/** @type {HTMLFormElement} */ (event.currentTarget)).get("program");
    location.hash = `#/${encodeURIComponent(String(id).trim())}/home`;
  };
  const byId = html`<form class="form" @submit=${open}>
    <div class="field">
      <label for="program">Program</label>
      <input id="program" name="program" autocomplete="off" required />
    </div>
    <p class="actions"><button class="primary">Open</button></p>
  </form>`;
  const chosen = programs.map(
    (id) => html`<li><a href="#/${encodeURIComponent(id)}/home">${id}</a></li>`,
  );
  const none = html`<p>You have no role in any program. A manager can give you one.</p>`;
  return door(
    "Programs",
    html`${programs.length ? html`<ul class="choices">${chosen}</ul>` : session.isEverywhere ? nothing : none}
      ${session.isEverywhere ? byId : nothing}
      <p class="who">Signed in as ${session.who}</p>
      <p class="actions"><button type="button" @click=${onLeave}>Sign out</button></p>`,
  );
}

/** @param {string} title @param {import("./types").Content} content */
export function door(title, content) {
  document.title = title;
  return html`<h1 tabindex="-1">${title}</h1><div class="view door">${content}</div>`;
}
