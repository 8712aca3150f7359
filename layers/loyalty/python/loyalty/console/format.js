// @ts-check
// Points, money, days and instants in words, in the reader's locale and the program's units.

import { dayAfter } from "./moments.js";

const NONE = "–";

/** @typedef {{ currency: string, time_zone: string, points?: { one: string, many: string } }} Units */

export class Format {
  /** @param {Units} document a program's document @param {string} [locale] */
  constructor(document, locale) {
    const { currency, time_zone: timeZone, points } = document;
    this.timeZone = timeZone;
    this.currency = currency;
    this.one = points?.one ?? "point";
    this.many = points?.many ?? "points";
    this.counts = new Intl.NumberFormat(locale);
    this.changes = new Intl.NumberFormat(locale, { signDisplay: "exceptZero" });
    this.percents = new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 1 });
    this.amounts = new Intl.NumberFormat(locale, {
      style: "currency",
      currency,
      currencyDisplay: "narrowSymbol",
    });
    this.digits = this.amounts.resolvedOptions().maximumFractionDigits ?? 2;
    this.days = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeZone: "UTC" });
    this.months = new Intl.DateTimeFormat(locale, {
      month: "short",
      year: "numeric",
      timeZone: "UTC",
    });
    this.instants = new Intl.DateTimeFormat(locale, {
      dateStyle: "medium",
      timeStyle: "short",
      timeZone,
    });
    this.dayParts = new Intl.DateTimeFormat("en-CA", { dateStyle: "short", timeZone });
  }

  /** @param {number | null | undefined} count */
  number(count) {
    return typeof count === "number" ? this.counts.format(count) : NONE;
  }

  /** "44 beans" @param {number | null | undefined} count */
  points(count) {
    if (typeof count !== "number") return NONE;
    return `${this.counts.format(count)} ${Math.abs(count) === 1 ? this.one : this.many}`;
  }

  /** "+44" or "−5" @param {number} count */
  change(count) {
    return this.changes.format(count);
  }

  /** A share of 1 in percent. @param {number | null | undefined} share */
  percent(share) {
    return typeof share === "number" ? this.percents.format(share) : NONE;
  }

  /** Minor units of the program's currency. @param {number | null | undefined} minor */
  minor(minor) {
    return typeof minor === "number" ? this.amounts.format(minor / 10 ** this.digits) : NONE;
  }

  /** Money as the API states it. @param {{ amount: number, currency: string } | null | undefined} money */
  money(money) {
    return this.minor(money?.amount);
  }

  /** What a person typed ("12.50" or "12,50") in minor units; null if it is no amount.
   * @param {string} text */
  minorOf(text) {
    const match = /^\s*(-?)(\d+)(?:[.,](\d*))?\s*$/.exec(text);
    const decimals = match?.[3] ?? "";
    if (!match || decimals.length > this.digits) return null;
    const minor = Number(match[2] + decimals.padEnd(this.digits, "0"));
    return Number.isSafeInteger(minor) ? (match[1] ? -minor : minor) : null;
  }

  /** A day, "2026-11-21". @param {string | null | undefined} day */
  day(day) {
    return day ? this.days.format(new Date(`${day}T00:00:00Z`)) : NONE;
  }

  /** The days from one to another. @param {string} first @param {string} last */
  period(first, last) {
    return `${this.day(first)} – ${this.day(last)}`;
  }

  /** A month, "2026-11". @param {string} month */
  month(month) {
    return this.months.format(new Date(`${month}-01T00:00:00Z`));
  }

  /** A moment, shown in the program's time zone. @param {string | null | undefined} instant */
  instant(instant) {
    return instant ? this.instants.format(new Date(instant)) : NONE;
  }

  /** The day of a moment in the program's time zone. @param {string} instant */
  dayOf(instant) {
    return this.day(this.dayParts.format(new Date(instant)));
  }

  /** Today in the program's time zone, as "2026-11-21", some days later or earlier.
   * @param {number} [later] */
  today(later = 0) {
    return dayAfter(this.dayParts.format(new Date()), later);
  }
}
