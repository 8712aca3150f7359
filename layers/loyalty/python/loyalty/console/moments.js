// @ts-check
// Days; moments as people say them in a time zone, "2026-12-01T18:00", and as the API writes them.

const DAY_MS = 86_400_000;

/** A day some days later, or earlier: "2026-12-01". @param {string} day @param {number} days */
export function dayAfter(day, days) {
  return new Date(Date.parse(`${day}T00:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10);
}

/** What the clocks of a zone show at a moment. @param {string} instant @param {string} zone */
export function wallTime(instant, zone) {
  const parts = new Intl.DateTimeFormat("en-CA", {
    timeZone: zone,
    hourCycle: "h23",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
  }).formatToParts(new Date(instant));
  const of = (/** @type {string} */ type) => parts.find((part) => part.type === type)?.value;
  return `${of("year")}-${of("month")}-${of("day")}T${of("hour")}:${of("minute")}`;
}

/** The moment at which the clocks of a zone show a time: in UTC, "2026-12-01T17:00:00Z". A time that
 * a zone skips becomes the one an hour later; of one that it repeats this is the second. @param {string} wall @param {string} zone */
export function instantAt(wall, zone) {
  const wanted = Date.parse(`${wall}Z`);
  let moment = wanted;
  // The offset at the result can differ from the one at the first guess.
  for (let turn = 0; turn < 2; turn += 1) {
    moment += wanted - Date.parse(`${wallTime(new Date(moment).toISOString(), zone)}Z`);
  }
  return new Date(moment).toISOString().replace(".000Z", "Z");
}
