// @ts-check
// Who is signed in, for as long as the tab is open.
//
// A link may carry a token, and anybody can make a link. So the console shows whose token it uses,
// and a link replaces the token of somebody who is signed in only if they agree.

const UNKNOWN = "somebody unknown";
const EVERY_PROGRAM = "*";
const OPERATOR = "operator";
const ROLES = ["cashier", "analyst", "manager"];
export const IDLE_MS = 30 * 60_000;

/** @typedef {{ id: string, refresh?: string | null, isByLink?: boolean }} Tokens */

export class Session {
  /**
   * @param {Storage} storage belongs to the tab
   * @param {{ scope: string, groupsClaim?: string, now?: () => number }} options `scope` separates
   *   the deployments of one origin; `now` is in milliseconds
   */
  constructor(storage, { scope, groupsClaim = "cognito:groups", now = Date.now }) {
    this.storage = storage;
    this.prefix = `loyalty ${scope} `;
    this.groupsClaim = groupsClaim;
    this.now = now;
    /** A token from a link, until the reader accepts or declines it.
     * @type {string | null} */
    this.offered = null;
  }

  /** @returns {Tokens | null} */
  get tokens() {
    return this.read("tokens");
  }

  get token() {
    return this.tokens?.id ?? null;
  }

  /** The name of whoever is signed in; null if nobody is. */
  get who() {
    const { tokens } = this;
    return tokens && bearer(tokens.id) + (tokens.isByLink ? ", by a link" : "");
  }

  /** Whose token it is, as actions and entries name people. */
  get subject() {
    return String(claimsOf(this.token).sub ?? "");
  }

  /** When the token expires, in milliseconds; a token that does not say so never does. */
  get expiresAt() {
    const { exp } = claimsOf(this.token);
    return typeof exp === "number" ? exp * 1000 : Infinity;
  }

  /** The programs that the token names, without those that it reaches by `*`. */
  get programs() {
    const named = this.#groups().map(([program]) => program);
    return [...new Set(named)].filter((program) => program && program !== EVERY_PROGRAM).sort();
  }

  get isOperator() {
    return this.#groups().some(([program, role]) => !program && role === OPERATOR);
  }

  /** Whether the person may have a role in programs that the token does not name. */
  get isEverywhere() {
    return this.isOperator || this.#groups().some(([program]) => program === EVERY_PROGRAM);
  }

  /** The roles in a program, only to decide what is shown: the API decides what is done.
   * @param {string} program */
  rolesIn(program) {
    const here = this.#groups()
      .filter(([where]) => where === program || where === EVERY_PROGRAM)
      .map(([, role]) => role)
      .filter((role) => ROLES.includes(role));
    return new Set(this.isOperator ? [...here, OPERATOR] : here);
  }

  /** Take the token out of an address's hash. Returns the hash without it.
   * @param {string} hash */
  follow(hash) {
    const [path, search] = hash.split("?");
    const query = new URLSearchParams(search);
    const token = query.get("token");
    query.delete("token");
    if (token && !this.token) this.signIn({ id: token, isByLink: true });
    else if (token && token !== this.token) this.offered = token;
    return query.size ? `${path}?${query}` : path;
  }

  /** Somebody signed in, entered a token, or got a newer one.
   * @param {Tokens} tokens */
  signIn(tokens) {
    const before = this.read("subject");
    const { sub } = claimsOf(tokens.id);
    // What a person has typed is not for the next one in the same tab.
    if (before !== null && before !== (sub ?? "")) this.clear();
    this.write("subject", sub ?? "");
    this.write("tokens", tokens);
    this.touch();
  }

  /** Use the link's token from now on, or discard it.
   * @param {boolean} isAccepted */
  answerOffer(isAccepted) {
    const { offered } = this;
    this.offered = null;
    if (isAccepted && offered) this.signIn({ id: offered, isByLink: true });
  }

  /** The session has ended by itself. What was typed stays for the same person. */
  lose() {
    this.remove("tokens");
    this.offered = null;
  }

  signOut() {
    this.clear();
    this.offered = null;
  }

  /** The person is here. */
  touch() {
    this.write("active", this.now());
  }

  /** How long nobody has touched anything, in milliseconds. */
  get idleFor() {
    return this.now() - (this.read("active") ?? this.now());
  }

  /** @param {string} name */
  read(name) {
    const text = this.storage.getItem(this.prefix + name);
    return text === null ? null : JSON.parse(text);
  }

  /** @param {string} name @param {unknown} value */
  write(name, value) {
    this.storage.setItem(this.prefix + name, JSON.stringify(value));
  }

  /** @param {string} name */
  remove(name) {
    this.storage.removeItem(this.prefix + name);
  }

  clear() {
    const names = Array.from({ length: this.storage.length }, (_, place) =>
      this.storage.key(place),
    );
    for (const name of names) if (name?.startsWith(this.prefix)) this.storage.removeItem(name);
  }

  /** The groups of the token, as program and role.
   * @returns {[string, string][]} */
  #groups() {
    const claim = claimsOf(this.token)[this.groupsClaim] ?? [];
    const groups = Array.isArray(claim) ? claim : String(claim).split(/[\s,]+/);
    return groups.map(String).map((group) => {
      const end = group.lastIndexOf("/");
      return end < 0 ? ["", group] : [group.slice(0, end), group.slice(end + 1)];
    });
  }
}

/** The name in a token, only to be shown: the API checks the token, and this function does not.
 * @param {string} token */
export function bearer(token) {
  const claims = claimsOf(token);
  const name = claims.email ?? claims.client_id ?? claims.sub;
  return typeof name === "string" && name ? name : UNKNOWN;
}

/** @param {string | null} token @returns {Record<string, any>} */
function claimsOf(token) {
  try {
    const part = String(token).split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
    const bytes = Uint8Array.from(atob(part), (each) => each.charCodeAt(0));
    return JSON.parse(new TextDecoder().decode(bytes)) ?? {};
  } catch {
    return {};
  }
}
