// @ts-check
// Calls of the API: problems as errors, retries while it cannot be reached, pages of lists.

/** @typedef {{ pointer: string, code: string, detail: string }} Fault */
/** @typedef {{ status: number, body: any, etag: string | null, headers: Headers }} Answer */
/** @typedef {Record<string, string | number | boolean | null | undefined>} Query */
/**
 * @typedef {object} RequestOptions
 * @property {Query} [query] null and undefined are left out
 * @property {unknown} [body] sent as JSON
 * @property {string} [key] the Idempotency-Key
 * @property {string} [ifMatch] an ETag
 * @property {boolean} [isNew] sends `If-None-Match: *`
 * @property {string} [accept] other than JSON: the answer's body is then a `Blob`
 * @property {AbortSignal} [signal]
 */

const PAUSES_MS = [500, 1_000, 2_000, 4_000, 8_000];
// After this many attempts an act is reported as unknown; a reading goes on until the view is left.
const ACT_ATTEMPTS_MAX = 5;
const PASSING = new Set([429, 502, 503, 504]);

/** The API refused a request. */
export class Problem extends Error {
  /** @param {number} status @param {any} body */
  constructor(status, body) {
    super(body?.detail || body?.title || body?.message || `The API answered ${status}.`);
    this.status = status;
    this.code = body?.code ?? "";
    this.title = body?.title ?? "";
    this.requestId = body?.request_id ?? "";
    /** @type {any} The whole answer, which may have members of its own. */
    this.body = body ?? {};
    /** @type {Fault[]} */
    this.faults = body?.errors ?? [];
  }
}

/** An act was sent and no answer came, so nobody knows yet whether it happened. */
export class Unreachable extends Error {
  constructor() {
    super("The API did not answer, so we do not know yet whether this was done.");
  }
}

/** A path with its parts encoded: path`/members/${id}`.
 * @param {TemplateStringsArray} texts @param {(string | number)[]} parts */
export function path(texts, ...parts) {
  return String.raw({ raw: texts }, ...parts.map((part) => encodeURIComponent(part)));
}

export class Api {
  /**
   * @param {object} options
   * @param {string} options.root the address of `/v1`, without a slash at the end
   * @param {import("./auth.js").Auth} options.auth
   * @param {(isReached: boolean) => void} options.onReach called when the API stops or resumes
   *   answering
   */
  constructor({ root, auth, onReach }) {
    this.root = root;
    this.auth = auth;
    this.onReach = onReach;
  }

  /** The same API for one program and as long as `signal` is not aborted.
   * @param {string} program @param {AbortSignal} signal */
  of(program, signal) {
    return new ProgramApi(this, program, signal);
  }

  /**
   * Send a request. Paths begin below `/v1`.
   * @param {string} method @param {string} where @param {RequestOptions} [options]
   * @returns {Promise<Answer>}
   */
  async request(method, where, options = {}) {
    const isRead = method === "GET";
    const isRepeatable = isRead || Boolean(options.key) || isUnconditional(method, options);
    let isRefreshed = false;
    for (let attempt = 0; ; attempt += 1) {
      const answer = await this.#attempt(method, where, options);
      if (answer?.status === 401 && !isRefreshed) {
        isRefreshed = true;
        const before = this.auth.session.token;
        await this.auth.refresh();
        if (this.auth.session.token !== before) continue;
      }
      if (answer && !PASSING.has(answer.status)) {
        this.onReach(true);
        return read(answer, options.accept);
      }
      const mayRepeat = isRepeatable || answer?.status === 429;
      if (!mayRepeat || (!isRead && attempt + 1 >= ACT_ATTEMPTS_MAX)) {
        this.onReach(true);
        if (answer) return read(answer, options.accept);
        throw new Unreachable();
      }
      this.onReach(false);
      await pause(PAUSES_MS[Math.min(attempt, PAUSES_MS.length - 1)], options.signal);
    }
  }

  /** One attempt; null if there was no answer.
   * @param {string} method @param {string} where @param {RequestOptions} options */
  async #attempt(method, where, { query, body, key, ifMatch, isNew, accept, signal }) {
    /** @type {Record<string, string>} */
    const headers = { accept: accept ?? "application/json" };
    if (body !== undefined) headers["content-type"] = "application/json";
    if (key) headers["idempotency-key"] = key;
    if (ifMatch) headers["if-match"] = ifMatch;
    if (isNew) headers["if-none-match"] = "*";
    const stated = Object.entries(query ?? {}).filter(
      ([, value]) => value !== null && value !== undefined,
    );
    const search = new URLSearchParams(stated.map(([name, value]) => [name, String(value)]));
    try {
      headers.authorization = `Bearer ${await this.auth.token()}`;
      return await fetch(`${this.root}${where}${search.size ? `?${search}` : ""}`, {
        method,
        headers,
        signal,
        body: body === undefined ? undefined : JSON.stringify(body),
      });
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      if (error instanceof TypeError) return null;
      throw error;
    }
  }
}

/** The API as a view uses it. Paths begin below the program: `/members`, or `""` for the program. */
export class ProgramApi {
  /** @param {Api} api @param {string} program @param {AbortSignal} signal */
  constructor(api, program, signal) {
    this.api = api;
    this.program = program;
    this.signal = signal;
  }

  /** Read something; its body. @param {string} where @param {Query} [query] */
  async get(where, query) {
    return (await this.request("GET", where, { query })).body;
  }

  /** @param {string} method @param {string} where @param {RequestOptions} [options] */
  request(method, where, options) {
    const whole = path`/programs/${this.program}` + where;
    return this.api.request(method, whole, { signal: this.signal, ...options });
  }

  /** Call a route of the deployment, such as `/programs`.
   * @param {string} method @param {string} where @param {RequestOptions} [options] */
  ofDeployment(method, where, options) {
    return this.api.request(method, where, { signal: this.signal, ...options });
  }

  /** A list, page by page. @param {string} where @param {Query} [query] */
  list(where, query) {
    return new CursorList(this, where, query);
  }
}

export class CursorList {
  /** @param {ProgramApi} api @param {string} where @param {Query} [query] */
  constructor(api, where, query = {}) {
    this.api = api;
    this.where = where;
    this.query = query;
    /** @type {any[]} What has been read so far. */
    this.items = [];
    /** @type {string | null | undefined} */
    this.cursor = undefined;
    /** @type {Promise<void> | null} */
    this.reading = null;
  }

  get hasMore() {
    return this.cursor !== null;
  }

  /** Read one more page; a second call waits for the first. */
  next() {
    this.reading ??= this.#next().finally(() => {
      this.reading = null;
    });
    return this.reading;
  }

  async #next() {
    if (!this.hasMore) return;
    const page = await this.api.get(this.where, { ...this.query, cursor: this.cursor });
    this.items = [...this.items, ...page.items];
    this.cursor = page.next_cursor ?? null;
  }
}

/** Whether sending a request twice is the same as once. With a condition it is not: the second one
 * would be refused because of the first. @param {string} method @param {RequestOptions} options */
function isUnconditional(method, { ifMatch, isNew }) {
  return (method === "PUT" || method === "DELETE") && !ifMatch && !isNew;
}

/** @param {Response} answer @param {string} [accept] @returns {Promise<Answer>} */
async function read(answer, accept) {
  const { status, headers } = answer;
  if (!answer.ok) throw new Problem(status, await answer.json().catch(() => null));
  const isJson = status !== 204 && headers.get("content-type")?.includes("json");
  const body = accept ? await answer.blob() : isJson ? await answer.json() : null;
  return { status, body, etag: headers.get("etag"), headers };
}

/** @param {number} ms @param {AbortSignal} [signal] */
function pause(ms, signal) {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve(null);
    }, ms);
    signal?.addEventListener("abort", stop, { once: true });
  });
}
