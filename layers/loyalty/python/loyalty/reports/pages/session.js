// The session of the pages of one program; it lasts as long as the tab is open.
//
// A link may carry a token, and anybody can make a link. So the page shows whose token it uses, and
// a link replaces the token of somebody who is signed in only if they agree.

const UNKNOWN = "somebody unknown";

export class Session {
  /** `storage` belongs to the tab; `program` distinguishes the programs of one origin. */
  constructor(storage, program) {
    this.storage = storage;
    this.key = `loyalty-token ${program}`;
    this.linkKey = `loyalty-by-link ${program}`;
    /** A token from a link, until the reader accepts or declines it. */
    this.offered = null;
  }

  get token() {
    return this.storage.getItem(this.key);
  }

  /** The name of whoever is signed in; null if nobody is. */
  get who() {
    if (!this.token) return null;
    return bearer(this.token) + (this.storage.getItem(this.linkKey) ? ", by a link" : "");
  }

  /** Take the token out of an address's hash. Returns the hash without it. */
  follow(hash) {
    const query = new URLSearchParams(hash.slice(1));
    const token = query.get("token");
    query.delete("token");
    if (token && !this.token) this.#take(token, { byLink: true });
    else if (token && token !== this.token) this.offered = token;
    return `#${query}`;
  }

  /** Somebody signed in, or entered a token. */
  signIn(token) {
    this.#take(token, { byLink: false });
  }

  /** Use the link's token from now on, or discard it. */
  answerOffer(isAccepted) {
    if (isAccepted && this.offered) this.#take(this.offered, { byLink: true });
    this.offered = null;
  }

  signOut() {
    this.storage.removeItem(this.key);
    this.storage.removeItem(this.linkKey);
    this.offered = null;
  }

  #take(token, { byLink }) {
    this.storage.setItem(this.key, token);
    if (byLink) this.storage.setItem(this.linkKey, "yes");
    else this.storage.removeItem(this.linkKey);
  }
}

/** The name in a token, only to be shown: the API checks the token, and this function does not. */
export function bearer(token) {
  try {
    const part = token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
    const bytes = Uint8Array.from(atob(part), (each) => each.charCodeAt(0));
    const claims = JSON.parse(new TextDecoder().decode(bytes));
    const name = claims.email ?? claims.client_id ?? claims.sub;
    return typeof name === "string" && name ? name : UNKNOWN;
  } catch {
    return UNKNOWN;
  }
}
