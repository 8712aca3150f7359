// The pages of reports: sign the reader in, read the chosen report, and show it.
//
// The part of the address after `#` says what is shown: report, from, to, by. A `token` there is
// removed from the address at once.

import { drawing, element, figures, fit, show, topic } from "./draw.js";
import { bearer, Session } from "./session.js";

const PROGRAM = location.pathname;
const SIGNING_IN = `loyalty-signing-in ${PROGRAM}`;
const OVERVIEW = ["trend", "members", "retention", "liability", "rewards", "sources"];
const DAY_MS = 86_400_000;

const place = document.getElementById("report");
const form = document.getElementById("period");
const leave = document.getElementById("leave");
const who = document.getElementById("who");
const session = new Session(sessionStorage, PROGRAM);
const config = document.body.dataset;
/** The period that the reader asked for last. */
let current = null;

/** A report cannot be shown; the message says why, in words for the reader. */
class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

// Signing in

function takeToken() {
  if (!new URLSearchParams(location.hash.slice(1)).has("token")) return;
  history.replaceState(null, "", `${location.pathname}${session.follow(location.hash)}`);
}

/** The program's id in the address of this page. */
const programId = () => decodeURIComponent(PROGRAM.split("/").at(-2));

/** A link brought a token while somebody is signed in: ask which to use before changing it. */
function askToUseLink() {
  const choice = (text, isAccepted) => {
    const button = element("button", { type: "button" }, text);
    button.addEventListener("click", () => {
      session.answerOffer(isAccepted);
      render();
    });
    return button;
  };
  const question =
    `You are signed in to ${programId()} as ${session.who}. ` +
    `This link would sign you in as ${bearer(session.offered)}.`;
  place.replaceChildren(
    element("h1", {}, "Whose reports?"),
    element("p", {}, question),
    element("p", { class: "keep" }, choice("Stay", false), choice("Use the link", true)),
  );
  place.removeAttribute("aria-busy");
}

/** Send the reader to the hosted sign-in, which sends them back with a code (RFC 7636). */
async function signIn() {
  const verifier = random();
  const state = random();
  sessionStorage.setItem(SIGNING_IN, JSON.stringify({ verifier, state, hash: location.hash }));
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier));
  location.assign(
    `${config.authorizeUrl}?${new URLSearchParams({
      response_type: "code",
      client_id: config.clientId,
      redirect_uri: location.origin + location.pathname,
      scope: "openid email",
      state,
      code_challenge: base64Url(new Uint8Array(digest)),
      code_challenge_method: "S256",
    })}`,
  );
}

/** After the hosted sign-in: exchange its code for a token, once. */
async function finishSignIn() {
  const query = new URLSearchParams(location.search);
  if (!query.has("state")) return;
  const { verifier, state, hash } = JSON.parse(sessionStorage.getItem(SIGNING_IN) ?? "{}");
  sessionStorage.removeItem(SIGNING_IN);
  history.replaceState(null, "", `${location.pathname}${hash ?? ""}`);
  // A wrong state means that this page did not start the sign-in, so nothing in it is trusted.
  if (query.get("state") !== state) throw new Refused(401, "You were not signed in.");
  if (!query.has("code")) {
    throw new Refused(401, query.get("error_description") ?? "You were not signed in.");
  }
  const answer = await fetch(config.tokenUrl, {
    method: "POST",
    body: new URLSearchParams({
      grant_type: "authorization_code",
      client_id: config.clientId,
      redirect_uri: location.origin + location.pathname,
      code: query.get("code"),
      code_verifier: verifier,
    }),
  });
  if (!answer.ok) throw new Refused(401, "You were not signed in.");
  session.signIn((await answer.json()).id_token);
}

const random = () => base64Url(crypto.getRandomValues(new Uint8Array(32)));

function base64Url(bytes) {
  const text = btoa(String.fromCharCode(...bytes));
  return text.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

// Which report to read

/** The report and period in the address; by default the last twelve months. */
function shownPeriod() {
  const query = new URLSearchParams(location.hash.slice(1));
  const today = new Date();
  const first = new Date(Date.UTC(today.getFullYear(), today.getMonth() - 11, 1));
  const last = new Date(Date.UTC(today.getFullYear(), today.getMonth(), today.getDate()));
  return {
    report: query.get("report") ?? "overview",
    from: query.get("from") ?? dayOf(first),
    to: query.get("to") ?? dayOf(last),
    by: query.get("by") ?? "month",
  };
}

const dayOf = (moment) => moment.toISOString().slice(0, 10);

function daysFrom(day, days) {
  return dayOf(new Date(Date.parse(day) + days * DAY_MS));
}

/** The period of the same length just before this one. */
function periodBefore({ from, to }) {
  const days = Math.round((Date.parse(to) - Date.parse(from)) / DAY_MS) + 1;
  return { from: daysFrom(from, -days), to: daysFrom(from, -1) };
}

async function request(name, period, accept = "application/json") {
  const { from, to, by } = period;
  // Anybody may have made the address. Encoding keeps the name from leading outside of reports.
  const path = `reports/${encodeURIComponent(name)}?${new URLSearchParams({ from, to, by })}`;
  const answer = await fetch(path, {
    headers: { authorization: `Bearer ${session.token}`, accept },
  });
  if (answer.ok) return answer;
  const problem = await answer.json().catch(() => ({}));
  throw new Refused(answer.status, problem.detail ?? problem.message ?? answer.statusText);
}

const read = async (...what) => (await request(...what)).json();

// Showing it

async function render() {
  takeToken();
  const period = shownPeriod();
  current = period;
  mark(period);
  leave.hidden = who.hidden = !session.token;
  who.textContent = session.token ? `${programId()}: signed in as ${session.who}` : "";
  if (leave.hidden) return askWho();
  if (session.offered) return askToUseLink();
  place.setAttribute("aria-busy", "true");
  try {
    const shown = period.report === "overview" ? await overview(period) : await one(period);
    // The reader may have chosen another report in the meantime.
    if (current !== period) return;
    shown();
  } catch (error) {
    if (current !== period) return;
    refuse(error);
  }
  place.removeAttribute("aria-busy");
}

async function one(period) {
  const answer = await read(period.report, period);
  return () => {
    document.title = `${topic(answer)} · ${answer.program.name}`;
    show(answer, place);
    place.append(keeping(period));
  };
}

/** The first page: the key figures, and a small chart for each question. */
async function overview(period) {
  const before = { ...period, ...periodBefore(period) };
  const [summary, earlier] = await Promise.all([read("summary", period), read("summary", before)]);
  return () => {
    document.title = `Overview · ${summary.program.name}`;
    show({ ...summary, title: "Overview: how the program is doing." }, place);
    place.querySelector(".chart").replaceWith(figures(summary, earlier));
    place.querySelectorAll(".table, details").forEach((part) => part.remove());
    if (!summary.rows[0].some(Boolean)) return place.append(quiet());
    const cards = OVERVIEW.map((name) => ({ name, card: card(name, period) }));
    place.append(element("div", { class: "cards" }, ...cards.map(({ card }) => card)));
    fill(cards, period);
  };
}

function quiet() {
  const text = "Nothing has happened in this period. What members do is shown here within two minutes.";
  return element("p", { class: "nothing" }, text);
}

function card(name, period) {
  const link = element("a", { href: addressOf({ ...period, report: name }) });
  link.append(document.querySelector(`nav a[data-report="${name}"]`).textContent);
  const chart = element("div", { class: "chart" });
  return element("section", { class: "card", "aria-busy": "true" }, element("h2", {}, link), chart);
}

/** Read reports two at a time, because all at once would start a function for each. */
async function fill(cards, period) {
  const waiting = [...cards];
  const work = async () => {
    while (waiting.length && current === period) {
      const { name, card } = waiting.shift();
      const answer = await read(name, period);
      fit(card.querySelector(".chart"), (width) => drawing(answer, width, { isSmall: true }));
      card.removeAttribute("aria-busy");
    }
  };
  try {
    await Promise.all([work(), work()]);
  } catch (error) {
    if (current === period) refuse(error);
  }
}

/** Buttons to save the report. Links would not do: a browser sends no token with a link. */
function keeping(period) {
  const file = (text, accept, ending) => {
    const button = element("button", { type: "button" }, text);
    button.addEventListener("click", async () => {
      try {
        const answer = await request(period.report, period, accept);
        save(await answer.blob(), `${period.report}_${period.from}_${period.to}.${ending}`);
      } catch (error) {
        refuse(error);
      }
    });
    return button;
  };
  const print = element("button", { type: "button" }, "Print");
  print.addEventListener("click", () => window.print());
  return element(
    "p",
    { class: "keep" },
    file("CSV", "text/csv", "csv"),
    file("Page to keep", "text/html", "html"),
    print,
  );
}

function save(blob, name) {
  const link = element("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

function askWho(reason = "Reports are for analysts and managers of the program.") {
  const ways = [];
  if (config.clientId) {
    const button = element("button", { type: "button", class: "primary" }, "Sign in");
    button.addEventListener("click", signIn);
    ways.push(element("p", {}, button));
  } else {
    const field = element("input", { id: "token", type: "password", autocomplete: "off" });
    const label = element("label", { for: "token" }, "Token ");
    const given = element("form", {}, label, field, element("button", {}, "Open"));
    given.addEventListener("submit", (event) => {
      event.preventDefault();
      session.signIn(field.value.trim());
      render();
    });
    ways.push(given);
  }
  place.replaceChildren(element("h1", {}, "Reports"), element("p", {}, reason), ...ways);
  place.removeAttribute("aria-busy");
}

function refuse(error) {
  if (error.status === 401) {
    session.signOut();
    leave.hidden = who.hidden = true;
    askWho("You are not signed in, or your session has ended.");
    return;
  }
  const text = error instanceof Refused ? error.message : "The reports cannot be reached.";
  place.replaceChildren(element("p", { class: "refused", role: "alert" }, text));
}

// Menu and form

const addressOf = ({ report, from, to, by }) =>
  `#${new URLSearchParams({ report, from, to, by })}`;

/** Make the links keep the period, and the form show it. */
function mark(period) {
  for (const link of document.querySelectorAll("nav a")) {
    link.href = addressOf({ ...period, report: link.dataset.report });
    const isHere = link.dataset.report === period.report;
    if (isHere) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  for (const name of ["from", "to", "by"]) form.elements[name].value = period[name];
  const menu = document.getElementById("menu");
  if (matchMedia("(width < 60rem)").matches) menu.open = false;
}

form.addEventListener("change", () => {
  const { from, to, by } = form.elements;
  if (form.reportValidity() && from.value && to.value) {
    location.hash = addressOf({ ...shownPeriod(), from: from.value, to: to.value, by: by.value });
  }
});
leave.addEventListener("click", () => {
  session.signOut();
  render();
});
window.addEventListener("hashchange", async () => {
  await render();
  // Readers with a screen reader cannot see that the page has changed, so move the focus there.
  if (document.activeElement?.closest("nav") || document.activeElement === document.body) {
    place.focus();
  }
});

try {
  await finishSignIn();
  await render();
} catch (error) {
  refuse(error);
}
