// @ts-check
// How a report's values and columns are written, in the reader's locale.

/** @typedef {import("./report_types").Answer} Answer */
/** @typedef {import("./report_types").Column} Column */

const NONE = "–";
// Where a value is not known, of these units.
const UNKNOWN = new Map([
  ["campaign", "All campaigns"],
  ["month", "No date"],
  ["level", "None"],
]);
const NAME_MAX = 80;
// Values of these units are words of this product; values of other units are the merchant's names.
const WORDS = new Set(["customers", "segment", "state", "status", "word"]);
const LEVEL_WORDS = new Set(["none", "new", "gone"]);
/** Values of these units are written with a sign of their own, such as € or %. */
export const SIGNED = new Set(["minor units", "ratio"]);
/** The days and months of an axis are written with their year where it changes. */
const DATES = new Set(["day", "month"]);

/** @param {Answer} answer */
export const topic = (answer) => answer.title.split(/[:.]/, 1)[0];

/** Formatters for values, in the reader's locale, with the program's currency and names.
 * @param {Answer} answer @param {string} [locale] */
export function writing(answer, locale) {
  const { currency, currency_digits: digits, points_many: points, names } = answer.program;
  const money = (/** @type {Intl.NumberFormatOptions} */ options) =>
    number({ style: "currency", currency, currencyDisplay: "narrowSymbol", ...options });
  const number = (/** @type {Intl.NumberFormatOptions} */ options) =>
    new Intl.NumberFormat(locale, options);
  const date = (/** @type {Intl.DateTimeFormatOptions} */ options) =>
    new Intl.DateTimeFormat(locale, { timeZone: "UTC", ...options });
  const exact = money({ minimumFractionDigits: digits, maximumFractionDigits: digits });
  const short = money({ notation: "compact", minimumFractionDigits: 0, maximumFractionDigits: 1 });
  const whole = money({ minimumFractionDigits: 0, maximumFractionDigits: 0 });
  const percent = number({
    style: "percent",
    minimumFractionDigits: 1,
    maximumFractionDigits: 1,
  });
  const wholePercent = number({ style: "percent", maximumFractionDigits: 0 });
  const count = number({ maximumFractionDigits: 2 });
  const mean = number({ minimumFractionDigits: 2, maximumFractionDigits: 2 });
  const shortCount = number({ notation: "compact", maximumFractionDigits: 1 });
  const month = date({ month: "short", year: "numeric" });
  const monthOfYear = date({ month: "short" });
  const dayOfYear = date({ month: "short", day: "numeric" });
  const day = date({ day: "numeric", month: "short", year: "numeric" });
  const step = answer.by === "month" ? month : dayOfYear;
  const scale = 10 ** digits;

  /** A value of a unit; `isShort` abbreviates it.
   * @param {string} unit @param {any} raw a `Cell` of the unit's type @returns {string} */
  function value(unit, raw, isShort = false) {
    if (raw === null) return UNKNOWN.get(unit) ?? NONE;
    switch (unit) {
      case "minor units":
        return (isShort ? short : exact).format(raw / scale);
      case "ratio":
        return (isShort ? wholePercent : percent).format(raw);
      case "rate":
        return `${count.format(raw * scale)} / ${currency}`;
      case "month":
        return month.format(new Date(raw));
      case "day":
        return (isShort ? step : day).format(new Date(raw));
      default:
        if (typeof raw !== "number") return isolated(called(unit, raw));
        return (isShort ? shortCount : count).format(raw);
    }
  }

  /** The program's name of an id; words of this product are capitalized.
   * @param {string} unit @param {string} raw */
  function called(unit, raw) {
    if (names[unit] && Object.hasOwn(names[unit], raw)) return abridged(names[unit][raw]);
    const isWord = WORDS.has(unit) || (unit === "level" && LEVEL_WORDS.has(raw));
    return isWord ? spoken(raw) : raw;
  }

  /** A value in a table; all means of a column have the same number of decimals.
   * @param {Pick<Column, "unit" | "type">} column @param {any} raw */
  function cell({ unit, type }, raw) {
    const isMean = type === "decimal" && raw !== null && !SIGNED.has(unit) && unit !== "rate";
    return isMean ? mean.format(raw) : value(unit, raw);
  }

  /** A tick of an axis; the year is written only if it differs from that of the tick before.
   * @param {string} unit @param {any} raw @param {any} [before] @returns {string} */
  function tick(unit, raw, before) {
    if (!DATES.has(unit) || raw === null) return value(unit, raw, true);
    const isMonth = unit === "month" || answer.by === "month";
    const written = (isMonth ? monthOfYear : dayOfYear).format(new Date(raw));
    const year = raw.slice(0, 4);
    return before?.startsWith(year) ? written : `${written}\n${year}`;
  }

  /** A key figure: without cents from a thousand on, abbreviated from a million on.
   * @param {string} unit @param {any} raw */
  function figure(unit, raw) {
    const isMoney = unit === "minor units";
    const much = Math.abs(isMoney ? raw / scale : raw);
    if (much >= 1e6) return value(unit, raw, true);
    return isMoney && much >= 1e3 ? whole.format(raw / scale) : value(unit, raw);
  }

  /** A column's name in words. @param {string} name */
  const label = (name) => spoken(words(name));

  /** @param {string} name */
  function words(name) {
    return name
      .replace(/_(minor|id)\b/g, "")
      .replace(/_(days|months|median)$/, " ($1)")
      .replace(/_p(\d\d)$/, " ($1th percentile)")
      .replaceAll("_", " ")
      .replace(/\bpoints?\b/, isolated(points));
  }

  /** A text of the report in a manager's words: columns by their names, points by the program's.
   * @param {string} text */
  function plain(text) {
    return text
      .replace(/\b[a-z][a-z0-9]*(_[a-z0-9]+)+\b/g, words)
      .replace(/\bpoints\b/g, isolated(points))
      .replace(/\bnull\b/g, "empty");
  }

  /** A moment, in the program's time zone. @param {string} moment */
  function instant(moment) {
    const { time_zone: timeZone } = answer.program;
    const instants = new Intl.DateTimeFormat(locale, {
      dateStyle: "medium",
      timeStyle: "short",
      timeZone,
    });
    return instants.format(new Date(moment));
  }

  return { value, cell, tick, figure, label, plain, instant };
}

/** @param {string} words */
function spoken(words) {
  const acronyms = /\b(csat|nps)\b/g;
  return capitalized(words.replaceAll("_", " ").replace(acronyms, (word) => word.toUpperCase()));
}

/** @param {string} words */
export function capitalized(words) {
  return words.charAt(0).toLocaleUpperCase() + words.slice(1);
}

/** A name, cut if it is long: a survey's name is a whole question. @param {string} name */
function abridged(name) {
  const letters = [...name];
  return letters.length > NAME_MAX ? `${letters.slice(0, NAME_MAX - 1).join("")}…` : name;
}

/** Isolate right-to-left text, so that it does not reorder the text around it.
 * @param {string} words */
function isolated(words) {
  return /[\u0590-\u08ff\ufb1d-\ufefc]/.test(words) ? `\u2068${words}\u2069` : words;
}
