// @ts-check
// The frame of the console: which view the address names, who may see it, and what surrounds it.

import { html, nothing, render } from "./lit.js";
import { addressOf, isSameView } from "./address.js";
import { Api, Problem } from "./api.js";
import { Auth, SignInFailed } from "./auth.js";
import { CONFIG } from "./config.js";
import { door, programDoor, signInDoor, whoseDoor } from "./doors.js";
import { drawMenu } from "./menu.js";
import { Page, wordsOf } from "./page.js";
import { Session } from "./session.js";
import { VIEWS } from "./views.js";

/** @typedef {import("./address.js").Address} Address */
/** @typedef {import("./types").ViewEntry} ViewEntry */
/** @typedef {import("./types").Page["inForce"]} InForce */

const ENDED = "You are not signed in, or your session has ended.";
const IDLE = "You were signed out because nobody touched this page for 30 minutes.";
const SLOW_MS = 300;

const byId = (/** @type {string} */ id) => /** @type {HTMLElement} */ (document.getElementById(id));
const main = byId("main");
const menu = byId("menu");
const session = new Session(sessionStorage, {
  scope: location.pathname,
  groupsClaim: CONFIG.groups_claim || undefined,
});
const auth = new Auth(session, CONFIG.sign_in);
const api = new Api({
  root: new URL(".", location.href).pathname.replace(/\/$/, ""),
  auth,
  onReach: (isReached) =>
    render(
      isReached ? nothing : html`<p>The API cannot be reached. Trying again…</p>`,
      byId("banner"),
    ),
});

/** @type {{ page: Page, address: Address, view: import("./types").View } | null} */
let shown = null;
/** The programs that were read, by id. @type {Map<string, Promise<InForce>>} */
const programs = new Map();
let turn = 0;

async function route() {
  history.replaceState(null, "", session.follow(location.hash) || "#/");
  const address = addressOf(location.hash);
  turn += 1;
  if (session.offered) return draw(whoseDoor(session, route));
  if (!session.token) return draw(signInDoor(auth, "Sign in to run your program.", route));
  if (!address.program) return chooseProgram();
  const roles = session.rolesIn(address.program);
  if (!roles.size) return draw(door("No access", noAccess(address)));
  if (shown?.view.follow && isSameView(shown.address, address)) {
    return follow(shown, address);
  }
  const entry = VIEWS.find(({ name }) => name === address.view);
  if (!entry) return draw(door("Not found", html`<p>The console has no such page.</p>`));
  if (!entry.roles.some((role) => roles.has(role))) {
    return draw(
      door(entry.title, html`<p class="refused">This is for: ${entry.roles.join(", ")}.</p>`),
    );
  }
  await open(entry, address, turn);
}

/** Let a view go to another address of its own.
 * @param {NonNullable<typeof shown>} current @param {Address} address */
async function follow(current, address) {
  Object.assign(current.page, { params: address.params, query: address.query });
  Object.assign(current, { address });
  await current.view.follow?.(current.page);
  // What was focused may be gone with what was shown.
  if (document.activeElement === document.body) main.querySelector("h1")?.focus();
}

/** Open a view, unless the person has gone on before it could be drawn.
 * @param {ViewEntry} entry @param {Address} address @param {number} mine */
async function open(entry, address, mine) {
  leave();
  // A view that has drawn something may go on reading; then it is no longer busy as a whole.
  const dim = () => shown?.page.content || main.setAttribute("aria-busy", "true");
  const waiting = setTimeout(dim, SLOW_MS);
  try {
    const [{ view }, inForce] = await Promise.all([
      import(`./views/${entry.name}.js`),
      programOf(address.program),
    ]);
    if (mine !== turn) return;
    const page = new Page({
      api,
      session,
      entry,
      address,
      inForce,
      place: main,
      onFail: fail,
      onProgram: learn,
    });
    shown = { page, address, view };
    surround(entry, address, inForce);
    scrollTo(0, 0);
    await view.open(page);
  } catch (error) {
    if (mine === turn) fail(shown?.page ?? null, error);
  } finally {
    clearTimeout(waiting);
  }
}

/** @param {string} id @returns {Promise<InForce>} */
function programOf(id) {
  const known = programs.get(id);
  if (known) return known;
  const reading = api
    .request("GET", `/programs/${encodeURIComponent(id)}`)
    .then(({ body }) => body);
  programs.set(id, reading);
  reading.catch(() => programs.delete(id));
  return reading;
}

/** Another version is in force. @param {string} id @param {InForce} inForce */
function learn(id, inForce) {
  programs.set(id, Promise.resolve(inForce));
}

/** @param {ViewEntry} entry @param {Address} address @param {InForce} inForce */
function surround(entry, address, inForce) {
  drawMenu(menu, {
    program: address.program,
    name: inForce.document.name,
    view: entry.name,
    roles: session.rolesIn(address.program),
    who: session.who ?? "",
    hasOthers: session.programs.length > 1 || session.isEverywhere,
    onLeave: signOut,
  });
}

/** Show an error in place of the view, or ask to sign in again.
 * @param {Page | null} page @param {unknown} error */
function fail(page, error) {
  if (page?.signal.aborted) return;
  if (error instanceof Problem && error.status === 401) return end(ENDED);
  if (!(error instanceof Problem)) console.error(error);
  const words = error instanceof SignInFailed ? error.message : wordsOf(error);
  leave();
  main.removeAttribute("aria-busy");
  draw(
    door(
      page?.title ?? "Something went wrong",
      html`<p class="refused" role="alert">${words}</p>
    <p class="actions"><button type="button" @click=${route}>Try again</button></p>`,
    ),
    { hasMenu: true },
  );
}

/** The session has ended: what was typed stays, and signing in leads back here. @param {string} reason */
function end(reason) {
  session.lose();
  turn += 1;
  draw(signInDoor(auth, reason, route));
}

function endIdle() {
  if (!auth.signOut({ hash: location.hash, reason: IDLE }, { isForgetful: false })) end(IDLE);
}

function signOut() {
  programs.clear();
  const ending = { hash: "#/", reason: "You are signed out." };
  if (auth.signOut(ending, { isForgetful: true })) return;
  location.hash = ending.hash;
  end(ending.reason);
}

async function chooseProgram() {
  const { programs: named } = session;
  if (named.length === 1 && !session.isEverywhere) {
    location.replace(`#/${encodeURIComponent(named[0])}/home`);
    return;
  }
  draw(programDoor(session, named, signOut));
  if (!session.isOperator) return;
  const mine = turn;
  const all = await api.request("GET", "/programs", { query: { limit: 100 } }).catch(() => null);
  if (all && mine === turn) {
    const ids = all.body.items.map((/** @type {{ id: string }} */ each) => each.id);
    draw(programDoor(session, [...new Set([...named, ...ids])], signOut));
  }
}

/** @param {Address} address */
function noAccess({ program }) {
  return html`<p class="refused">You have no role in ${program}.</p>
    <p><a href="#/">Your programs</a></p>`;
}

/** Draw a page that is no view. @param {import("./types").Content} content */
function draw(content, { hasMenu = false } = {}) {
  leave();
  if (!hasMenu) render(nothing, menu);
  main.removeAttribute("aria-busy");
  render(content, main);
  main.querySelector("h1")?.focus();
}

function leave() {
  for (const dialog of document.querySelectorAll("dialog")) dialog.close();
  delete main.dataset.view;
  shown?.page.leaving.abort(new DOMException("The view was left.", "AbortError"));
  shown = null;
}

byId("skip").addEventListener("click", (event) => {
  event.preventDefault();
  main.querySelector("h1")?.focus();
});
window.addEventListener("hashchange", route);

try {
  await auth.finish();
  auth.watch(endIdle);
  const ending = auth.ended();
  if (ending) {
    history.replaceState(null, "", ending.hash);
    end(ending.reason);
  } else {
    await route();
  }
} catch (error) {
  if (error instanceof SignInFailed) draw(signInDoor(auth, error.message, route));
  else fail(null, error);
}
