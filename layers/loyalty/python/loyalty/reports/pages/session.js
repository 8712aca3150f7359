// Who is signed in to the pages of one program: kept for as long as the tab is open.
//
// A link may carry a token, and anybody can have made the link. So the page says whose token it
// uses, and a link never takes the place of somebody who is signed in already unless they agree.

const UNKNOWN = "somebody unknown";

export class Session {
  /** `storage` is the tab's own; `program` tells the programs of one origin apart. */
  constructor(storage, program) {
    this.storage = storage;
    this.key = `loyalty-token ${program}`;
    this.linkKey = `loyalty-by-link ${program}`;
    /** A link's token that waits for an answer. */
    this.offered = null;
  }

  get token() {
    return this.storage.getItem(this.key);
  }

  /** Whose token is used, in words; null while nobody is signed in. */
  get who() {
    if (!this.token) return null;
    return bearer(this.token) + (this.storage.getItem(this.linkKey) ? ", by a link" : "");
  }

  /** Take the token out of an address: return the address's hash without it. */
  follow(hash) {
    const told = new URLSearchParams(hash.slice(1));
    const token = told.get("token");
    told.delete("token");
    if (token && !this.token) this.#take(token, { byLink: true });
    else if (token && token !== this.token) this.offered = token;
    return `#${told}`;
  }

  /** Somebody signed in by themself, or gave a token. */
  signIn(token) {
    this.#take(token, { byLink: false });
  }

  /** Use the link's token from now on, or forget it. */
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

/** Whose token it says it is. It is only shown: the API checks the token, and this does not. */
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
