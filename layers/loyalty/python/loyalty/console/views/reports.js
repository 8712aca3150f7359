// @ts-check
// Reports: an overview, then each of them for a period, to look at, keep and print.
//
// The address says what is shown: #/<program>/reports/<report>?from=&to=&by=&within_days=&segment=

import { drawing, figures, fit, show } from "../draw.js";
import { goalList, readGoals } from "../goal_words.js";
import { html, render } from "../lit.js";
import { dayAfter } from "../moments.js";
import { element } from "../report_elements.js";
import { downloads } from "../report_downloads.js";
import { listedReport, readable, topicOf } from "../report_menu.js";

/** @typedef {import("../types").Page} Page */
/** @typedef {import("../report_downloads.js").Period} Period */
/** @typedef {{ id: string, name: string, members: number | null }} Segment */

const OVERVIEW = ["trend", "members", "retention", "liability", "rewards", "sources"];
const DAY_MS = 86_400_000;
// Trials compare what these report.
const TRIED = new Set(["breakage", "liability"]);
const STEPS = ["day", "week", "month"];
const WITHIN_DAYS = "30";
// Each segment by itself.
const EACH = "*";

/** The segments of the program whose members are counted. @type {Segment[]} */
let segments = [];

/** @type {import("../types").View} */
export const view = {
  async open(page) {
    segments = [];
    frame(page);
    const reading = readSegments(page);
    // Only the report of a segment has to wait for them.
    const needed = Promise.all([loadLibrary(), page.query.has("segment") ? reading : null]);
    await Promise.all([needed.then(() => this.follow?.(page)), reading.then(() => page.redraw())]);
  },

  async follow(page) {
    const period = periodOf(page);
    frame(page);
    const place = /** @type {HTMLElement} */ (document.getElementById("report"));
    const isShown = () => !page.signal.aborted && isSame(period, periodOf(page));
    place.setAttribute("aria-busy", "true");
    try {
      const draw = await (period.report === "overview" ? overview : one)(page, period, isShown);
      if (!isShown()) return;
      draw(place);
      place.removeAttribute("aria-busy");
    } catch (error) {
      if (isShown()) page.fail(error);
    }
  },
};

/** What a report is asked for, and the place where it will be. @param {Page} page */
function frame(page) {
  page.show(() => html`${controls(page, periodOf(page))}<div id="report" class="report"></div>`, {
    title: topicOf(periodOf(page).report) ?? "Overview",
  });
}

/** Read the segments whose members are counted. @param {Page} page */
async function readSegments(page) {
  if (!page.inForce.document.segments.length) return;
  const { items } = await page.api.get("/segments");
  segments = items.filter((/** @type {Segment} */ { members }) => members !== null);
}

/** The chart library is a script of its own, which defines `Plot`. */
function loadLibrary() {
  if ("Plot" in window) return null;
  const source = new URL("../plot.js", import.meta.url).href;
  const script = /** @type {HTMLScriptElement} */ (element("script", { src: source }));
  return new Promise((resolve, reject) => {
    script.addEventListener("load", resolve);
    script.addEventListener("error", reject);
    document.head.append(script);
  });
}

// Which report, and which period

/** By default the last twelve months. @param {Page} page @returns {Period} */
function periodOf(page) {
  const today = page.format.today();
  const first = new Date(`${today.slice(0, 7)}-01T00:00:00Z`);
  first.setUTCMonth(first.getUTCMonth() - 11);
  const report = page.params[0] ?? "overview";
  const segment = page.query.get("segment");
  return {
    report,
    from: page.query.get("from") ?? first.toISOString().slice(0, 10),
    to: page.query.get("to") ?? today,
    by: page.query.get("by") ?? "month",
    within_days: page.query.get("within_days") ?? WITHIN_DAYS,
    ...(segment && used({ report }).groups.some(([id]) => id === segment) ? { segment } : {}),
  };
}

/** @param {Period} one @param {Period} other */
const isSame = (one, other) => JSON.stringify(one) === JSON.stringify(other);

/** The period of the same length just before this one. @param {Period} period @returns {Period} */
function before(period) {
  const { from, to } = period;
  const days = Math.round((Date.parse(to) - Date.parse(from)) / DAY_MS) + 1;
  return { ...period, from: dayAfter(from, -days), to: dayAfter(from, -1) };
}

/** @param {Page} page @param {Period} period */
const addressOf = (page, { report, segment, ...rest }) =>
  page.link("reports", report, segment ? { ...rest, segment } : rest);

/** @param {Page} page @param {Period} period */
function controls(page, period) {
  const change = (/** @type {Event} */ event) => {
    const form = /** @type {HTMLFormElement} */ (event.currentTarget);
    const chosen = /** @type {any} */ (Object.fromEntries(new FormData(form)));
    if (form.reportValidity()) page.go(addressOf(page, { ...period, ...chosen }));
  };
  const { hasSteps, countsDays, groups } = used(period);
  const option = (
    /** @type {string} */ value,
    /** @type {string} */ label,
    /** @type {string} */ chosen,
  ) => html`<option value=${value} .selected=${value === chosen}>${label}</option>`;
  return html`<form class="controls" aria-label="What is shown" @change=${change} @submit=${prevent}>
    <p>
      <label for="shown">Report</label>
      <select id="shown" name="report">
        ${option("overview", "Overview", period.report)}
        ${readable(page).map(
          ({ heading, reports }) => html`<optgroup label=${heading}>
            ${reports.map(({ name, topic: label }) => option(name, label, period.report))}
          </optgroup>`,
        )}
      </select>
    </p>
    <p>
      <label for="from">From</label>
      <input id="from" type="date" name="from" required .value=${period.from} />
    </p>
    <p>
      <label for="to">To</label>
      <input id="to" type="date" name="to" required .value=${period.to} />
    </p>
    ${
      groups.length
        ? html`<p>
            <label for="segment">Members</label>
            <select id="segment" name="segment">
              ${[["", "All members"], ...groups].map(([id, name]) => option(id, name, period.segment ?? ""))}
            </select>
          </p>`
        : null
    }
    ${
      hasSteps
        ? html`<p>
            <label for="by">By</label>
            <select id="by" name="by">${STEPS.map((step) => option(step, step, period.by))}</select>
          </p>`
        : null
    }
    ${
      countsDays
        ? html`<p>
            <label for="within">Within days</label>
            <input id="within" type="number" name="within_days" required min="1" max="365" .value=${period.within_days} />
          </p>`
        : null
    }
  </form>`;
}

/** What a report makes of the period: its steps, the days within which something follows; and the
 * groups of members that it can be about. The overview has small reports with steps, and no room
 * for segments beside each other. @param {{ report: string }} period */
function used({ report }) {
  const listed = listedReport(report);
  const isOfSegments = segments.length > 0 && (listed?.isOfSegments ?? true);
  const each = listed ? [[EACH, "Each segment"]] : [];
  return {
    hasSteps: listed?.hasSteps ?? true,
    countsDays: listed?.countsDays ?? false,
    groups: isOfSegments ? [...segments.map(({ id, name }) => [id, name]), ...each] : [],
  };
}

/** @param {Event} event */
const prevent = (event) => event.preventDefault();

// What is shown

/** @param {Page} page @param {Period} period */
function read(page, { report, ...period }) {
  // Anybody may have made the address. Encoding keeps the name from leading outside of reports.
  return page.api.get(`/reports/${encodeURIComponent(report)}`, period);
}

/** @param {Page} page @param {Period} period */
async function one(page, period) {
  const answer = await read(page, period);
  return (/** @type {HTMLElement} */ place) => {
    show(answer, place, { isAlone: false });
    place.append(downloads(page, period));
    if (TRIED.has(period.report) && page.may("manager")) place.append(trialsLink(page));
  };
}

/** @param {Page} page */
function trialsLink(page) {
  const link = element("a", { href: page.link("trials") }, "Trials");
  return element("p", {}, link, " show how a draft of the program would change this.");
}

/** The first page: the key figures, and a small chart for each question.
 * @param {Page} page @param {Period} period @param {() => boolean} isShown */
async function overview(page, period, isShown) {
  const summary = { ...period, report: "summary" };
  const [now, earlier, goals] = await Promise.all([
    read(page, summary),
    read(page, before(summary)),
    // Goals are those of all members.
    period.segment ? [] : readGoals(page),
  ]);
  return (/** @type {HTMLElement} */ place) => {
    show({ ...now, title: "Overview: how the program is doing." }, place, { isAlone: false });
    place.querySelector(".chart")?.replaceWith(figures(now, earlier));
    for (const part of place.querySelectorAll(".table, details")) part.remove();
    const aims = element("div");
    render(goalList(page, goals), aims);
    place.append(aims);
    if (!now.rows[0].some(Boolean)) return place.append(quiet());
    const cards = OVERVIEW.map((name) => ({ name, card: card(page, { ...period, report: name }) }));
    place.append(element("div", { class: "cards" }, ...cards.map((each) => each.card)));
    fill(page, cards, period, isShown).catch((error) => isShown() && page.fail(error));
  };
}

function quiet() {
  const text =
    "Nothing has happened in this period. What members do is shown here within two minutes.";
  return element("p", { class: "nothing" }, text);
}

/** @param {Page} page @param {Period} period */
function card(page, period) {
  const link = element(
    "a",
    { href: addressOf(page, period) },
    topicOf(period.report) ?? "Overview",
  );
  const chart = element("div", { class: "chart" });
  return element("section", { class: "card", "aria-busy": "true" }, element("h2", {}, link), chart);
}

/** Read reports two at a time, because all at once would start a function for each.
 * @param {Page} page @param {{ name: string, card: HTMLElement }[]} cards @param {Period} period
 * @param {() => boolean} isShown */
async function fill(page, cards, period, isShown) {
  const waiting = [...cards];
  const work = async () => {
    for (let next = waiting.shift(); next && isShown(); next = waiting.shift()) {
      const { name, card: place } = next;
      const answer = await read(page, { ...period, report: name });
      const chart = /** @type {Element} */ (place.querySelector(".chart"));
      fit(chart, (/** @type {number} */ width) => drawing(answer, width, { isSmall: true }));
      place.removeAttribute("aria-busy");
    }
  };
  await Promise.all([work(), work()]);
}
