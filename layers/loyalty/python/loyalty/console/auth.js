// @ts-check
// Signing in: the authorization code flow with PKCE (RFC 7636), refresh, and the end of idle sessions.

import { IDLE_MS } from "./session.js";

/** @typedef {import("./session.js").Session} Session */
/**
 * @typedef {object} SignInConfig
 * @property {string} authorize_url
 * @property {string} token_url
 * @property {string} sign_out_url
 * @property {string} client_id
 */
/** @typedef {{ hash: string, reason: string }} Ending where the person was, and why it ended */

const REFRESH_AHEAD_MS = 60_000;
const IDLE_CHECK_MS = 15_000;
const TOUCH_MS = 5_000;

/** Signing in failed; the message says why, in words for people. */
export class SignInFailed extends Error {}

export class Auth {
  /** @param {Session} session @param {SignInConfig} config */
  constructor(session, config) {
    this.session = session;
    this.config = config;
    /** @type {Promise<void> | null} */
    this.refreshing = null;
  }

  get hasPages() {
    return Boolean(this.config.client_id);
  }

  /** Send the person to the sign-in, which sends them back with a code. */
  async signIn() {
    const verifier = random();
    const state = random();
    this.session.write("signing-in", { verifier, state, hash: location.hash });
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier));
    const query = new URLSearchParams({
      response_type: "code",
      client_id: this.config.client_id,
      redirect_uri: here(),
      scope: "openid email",
      state,
      code_challenge: base64Url(new Uint8Array(digest)),
      code_challenge_method: "S256",
    });
    location.assign(`${this.config.authorize_url}?${query}`);
  }

  /** After the sign-in: exchange its code for tokens, once. */
  async finish() {
    const query = new URLSearchParams(location.search);
    if (!query.has("state")) return;
    const started = this.session.read("signing-in") ?? {};
    this.session.remove("signing-in");
    history.replaceState(null, "", `${location.pathname}${started.hash ?? ""}`);
    // A wrong state means that this page did not start the sign-in, so nothing in it is trusted.
    if (query.get("state") !== started.state) throw new SignInFailed("You were not signed in.");
    const code = query.get("code");
    if (!code) throw new SignInFailed(query.get("error_description") ?? "You were not signed in.");
    const answer = await this.#exchange({
      grant_type: "authorization_code",
      redirect_uri: here(),
      code,
      code_verifier: started.verifier,
    });
    if (!answer) throw new SignInFailed("You were not signed in.");
    this.session.signIn({ id: answer.id_token, refresh: answer.refresh_token });
  }

  /** End the session, at the issuer too: its own would let anybody in again without a password.
   * @param {Ending} ending @param {{ isForgetful: boolean }} options whether what was typed goes
   * @returns {boolean} whether the page is left for the issuer's */
  signOut(ending, { isForgetful }) {
    const isOfIssuer = Boolean(this.config.sign_out_url) && !this.session.tokens?.isByLink;
    if (isForgetful) this.session.signOut();
    else this.session.lose();
    if (!isOfIssuer) return false;
    this.session.write("ending", ending);
    const query = new URLSearchParams({
      client_id: this.config.client_id,
      // Cognito's name of it, and the one of OpenID Connect.
      logout_uri: here(),
      post_logout_redirect_uri: here(),
    });
    location.assign(`${this.config.sign_out_url}?${query}`);
    return true;
  }

  /** Back from the issuer's sign-out: how the session ended, once. @returns {Ending | null} */
  ended() {
    const ending = this.session.read("ending");
    this.session.remove("ending");
    return ending;
  }

  /** A token that is still valid for a while, if one can be had. */
  async token() {
    if (this.session.expiresAt - Date.now() < REFRESH_AHEAD_MS) await this.refresh();
    return this.session.token;
  }

  /** Get a newer token; without a refresh token, the old one stays. */
  refresh() {
    this.refreshing ??= this.#refresh().finally(() => {
      this.refreshing = null;
    });
    return this.refreshing;
  }

  /** End the session after half an hour in which nobody touched anything.
   * @param {() => void} onIdle */
  watch(onIdle) {
    const check = () => {
      if (this.session.token && this.session.idleFor >= IDLE_MS) onIdle();
    };
    let touched = 0;
    const touch = () => {
      check();
      if (!this.session.token || Date.now() - touched < TOUCH_MS) return;
      touched = Date.now();
      this.session.touch();
    };
    for (const kind of ["pointerdown", "keydown"]) addEventListener(kind, touch, { capture: true });
    document.addEventListener("visibilitychange", check);
    setInterval(check, IDLE_CHECK_MS);
    check();
  }

  async #refresh() {
    const { tokens } = this.session;
    if (!tokens?.refresh) return;
    const answer = await this.#exchange({
      grant_type: "refresh_token",
      refresh_token: tokens.refresh,
    });
    if (answer)
      this.session.signIn({
        ...tokens,
        id: answer.id_token,
        refresh: answer.refresh_token ?? tokens.refresh,
      });
    else this.session.signIn({ ...tokens, refresh: null });
  }

  /** Ask the token endpoint. Null if it refuses; if it cannot be reached, `fetch` raises.
   * @param {Record<string, string>} grant */
  async #exchange(grant) {
    const body = new URLSearchParams({ client_id: this.config.client_id, ...grant });
    const answer = await fetch(this.config.token_url, { method: "POST", body });
    return answer.ok ? answer.json() : null;
  }
}

/** Where the sign-in sends people back to. */
const here = () => location.origin + location.pathname;

const random = () => base64Url(crypto.getRandomValues(new Uint8Array(32)));

/** @param {Uint8Array} bytes */
function base64Url(bytes) {
  const text = btoa(String.fromCharCode(...bytes));
  return text.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
