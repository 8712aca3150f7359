// @ts-check
// What a trial found: how far it can be trusted, what would be different, who gains and who loses.

import { memberLink } from "./entry_words.js";
import { html, nothing } from "./lit.js";
import { nameIn } from "./names.js";
import { table } from "./table.js";

/** @typedef {import("./types").Content} Content */
/** @typedef {import("./types").Page} Page */
/** @typedef {import("./types").Schema<"TrialAnswer">} Trial */
/** @typedef {import("./types").Schema<"TrialFidelity">} Fidelity */
/** @typedef {import("./types").Schema<"TrialSlice">} Slice */
/** @typedef {import("./types").Schema<"TrialMember">} Member */
/** @typedef {{ label: string, before: number, after: number, write: (value: number) => string }} Compared */

// Below that, the replay differs too much from what was booked.
const TRUSTED = 0.98;

/** @param {Page} page @param {Trial} trial @param {any} document the proposed one */
export function trialResult(page, trial, document) {
  return html`${trusted(page, trial.fidelity)} ${headline(page, trial)} ${figures(page, trial)}
    ${slices(page, "By month", "Month", trial.by_month, (month) => page.format.month(month))}
    ${slices(page, "By earning rule and campaign", "Rule or campaign", trial.by_giver, (id) => nameIn(document.campaigns, id))}
    ${document.tiers ? slices(page, "By level", "Level", trial.by_level, (id) => levelName(document, id)) : nothing}
    ${liability(page, trial)} ${levelMoves(page, trial, document)} ${budgets(page, trial, document)} ${gains(page, trial)}
    ${furthest(page, "Who would gain most", trial.furthest_up)}
    ${furthest(page, "Who would lose most", trial.furthest_down)} ${untried(trial, document)}`;
}

/** How far it can be trusted comes first. @param {Page} page @param {Fidelity} fidelity */
function trusted(
  { format },
  { orders, orders_exact: exact, points_booked: booked, points_off: off },
) {
  if (!orders) return html`<p class="refused">Nobody ordered in these days.</p>`;
  const share = exact / orders;
  const words = `Of ${format.number(orders)} orders, ${format.percent(share)} come out exactly as they were booked. The others are off by ${format.points(off)} of ${format.number(booked)}.`;
  if (share >= TRUSTED) return html`<p class="quiet">${words}</p>`;
  return html`<p class="refused">Read this first: ${words} The figures below can be off by as much.</p>`;
}

/** @param {Page} page @param {Trial} trial */
function headline({ format }, { gain, members, members_tried: tried }) {
  const more = `${format.points(Math.abs(gain.points))} ${gain.points < 0 ? "fewer" : "more"}`;
  const who =
    tried < members
      ? `${format.number(tried)} of ${format.number(members)} members, drawn at random, were tried. For all members the difference is between ${format.change(gain.low)} and ${format.change(gain.high)} in 95 of 100 such samples. The tables below are only about those who were tried.`
      : `All ${format.number(members)} members were tried.`;
  return html`<p class="big">${gain.points ? more : "No difference"}</p><p>${who}</p>`;
}

/** @param {Page} page @param {Trial} trial */
function figures({ format }, { points: { in_force: before, proposed: after } }) {
  const points = (/** @type {number} */ value) => format.number(value);
  const rows = [
    row("Earned by orders", before.issued, after.issued, points),
    row("Taken back for refunds", before.taken_back, after.taken_back, points),
    row("Expired", before.expired, after.expired, points),
    row("Spent", before.spent, after.spent, points),
    row(
      "Redemptions that members could not afford",
      before.unaffordable,
      after.unaffordable,
      points,
    ),
    row("Held at the end", before.held_after, after.held_after, points),
  ];
  if (before.worth_minor !== null && after.worth_minor !== null)
    rows.push(
      row("Worth at the end", before.worth_minor, after.worth_minor, (minor) =>
        format.minor(minor),
      ),
    );
  const left = after.uncountable
    ? html`<p class="refused">${format.number(after.uncountable)} orders would earn more than can be counted. They are left out.</p>`
    : nothing;
  return html`${compared(rows, "What would be different", "Points", "")} ${left}`;
}

/** @param {string} label @param {number} before @param {number} after
 * @param {(value: number) => string} write @returns {Compared} */
function row(label, before, after, write) {
  return { label, before, after, write };
}

/** @param {Compared[]} rows @param {string} caption @param {string} label of the first column
 * @param {string} empty */
function compared(rows, caption, label, empty) {
  /** @param {Compared} each */
  const difference = ({ before, after, write }) =>
    after === before ? "–" : `${after > before ? "+" : "-"}${write(Math.abs(after - before))}`;
  return headed(rows, {
    caption,
    empty,
    columns: [
      { label, cell: (each) => each.label, isHead: true },
      { label: "As it was", cell: (each) => each.write(each.before), isFigure: true },
      { label: "As proposed", cell: (each) => each.write(each.after), isFigure: true },
      { label: "Difference", cell: difference, isFigure: true },
    ],
  });
}

/** A table below its heading.
 * @template Row
 * @param {Row[]} rows @param {import("./table.js").TableOptions<Row>} options */
function headed(rows, options) {
  return html`<h3>${options.caption}</h3>${table(rows, options)}`;
}

/** @param {Page} page @param {string} caption @param {string} label of the first column
 * @param {Slice[]} parts @param {(id: string) => string} name */
function slices({ format }, caption, label, parts, name) {
  const rows = parts.map(({ id, issued_in_force: before, issued_proposed: after }) =>
    row(name(id), before, after, (value) => format.number(value)),
  );
  return compared(rows, caption, label, "No order earned anything.");
}

/** @param {any} document @param {string} id */
function levelName(document, id) {
  return id ? nameIn(document.tiers?.levels, id) : "No level";
}

/** @param {Page} page @param {Trial} trial */
function liability({ format }, { liability: parts, breakage }) {
  const points = (/** @type {number} */ value) => format.number(value);
  const rows = parts.map(({ state, expires_in: month, points_in_force, points_proposed }) =>
    row(leftWords(state, month && format.month(month)), points_in_force, points_proposed, points),
  );
  const { in_force: before, proposed: after } = breakage;
  if (before.likely !== null && after.likely !== null)
    rows.push(row("Of all, likely to expire", before.likely, after.likely, points));
  return compared(rows, "What members hold at the end", "Points", "They hold nothing.");
}

/** @param {"available" | "pending" | "debt"} state @param {string | null} month */
function leftWords(state, month) {
  if (state === "debt") return "Owed";
  const when = month ? `expire in ${month}` : "never expire";
  return state === "pending" ? `Pending, ${when}` : `Can be spent, ${when}`;
}

/** @param {Page} page @param {Trial} trial @param {any} document */
function levelMoves({ format }, { level_moves: moves }, document) {
  const moved = moves.filter(({ in_force: before, proposed }) => before !== proposed);
  if (!moved.length) return nothing;
  return headed(moved, {
    caption: "Members whose level would change",
    empty: "",
    columns: [
      { label: "Level", cell: (each) => levelName(document, each.in_force), isHead: true },
      { label: "Would be", cell: (each) => levelName(document, each.proposed) },
      { label: "Members", cell: (each) => format.number(each.members), isFigure: true },
    ],
  });
}

/** @param {Page} page @param {Trial} trial @param {any} document */
function budgets({ format }, { budgets: some }, document) {
  if (!some.length) return nothing;
  return headed(some, {
    caption: "Budgets",
    empty: "",
    columns: [
      {
        label: "Campaign",
        cell: (each) => nameIn(document.campaigns, each.campaign_id),
        isHead: true,
      },
      { label: "Period", cell: (each) => (each.period === "all" ? "whole campaign" : each.period) },
      { label: "Budget", cell: (each) => format.number(each.points), isFigure: true },
      { label: "Orders use", cell: (each) => format.number(each.taken), isFigure: true },
      { label: "Used up on", cell: (each) => (each.ends_on ? format.day(each.ends_on) : "–") },
    ],
  });
}

/** @param {Page} page @param {Trial} trial */
function gains({ format }, { gains: groups }) {
  const most = Math.max(0, ...groups.map(({ members }) => members));
  return headed(groups, {
    caption: "How many members gain how much",
    empty: "Nobody ordered in these days.",
    columns: [
      {
        label: "Points",
        cell: (each) => gainWords(format, each.at_least, each.below),
        isHead: true,
      },
      {
        label: "Members",
        cell: ({ members }) =>
          html`<meter min="0" max=${most} value=${members} aria-hidden="true"></meter><span class="count">${format.number(members)}</span>`,
        isFigure: true,
      },
    ],
  });
}

/** @param {import("./format.js").Format} format @param {number | null} least @param {number | null} below */
function gainWords(format, least, below) {
  if (least === 0 && below === 1) return "no difference";
  if (below === null) return `${format.change(least ?? 0)} or more`;
  if (least === null) return `less than ${format.change(below)}`;
  return `${format.change(least)} to ${format.change(below - 1)}`;
}

/** @param {Page} page @param {string} caption @param {Member[]} members */
function furthest(page, caption, members) {
  if (!members.length) return nothing;
  return headed(members, {
    caption,
    empty: "",
    columns: [
      {
        label: "Member",
        cell: (each) => memberLink(page, each.member_id),
        isHead: true,
      },
      { label: "Points", cell: (each) => page.format.change(each.points), isFigure: true },
    ],
  });
}

/** @param {Trial} trial @param {any} document */
function untried({ untried: ids }, document) {
  if (!ids.length) return nothing;
  const names = ids.map((id) => nameIn(document.campaigns, id)).join(", ");
  return html`<p class="refused">Not tried: ${names}. They depend on something new about a member's profile, or on a new segment that is not about orders, spending or levels.</p>`;
}
