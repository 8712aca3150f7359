// Draws a report from the API's JSON answer: heading, chart, table, and the meaning of its columns.
//
// It imports nothing, so that a saved page can contain all of it. `Plot`, the chart library, must
// be loaded before. Text of an answer always becomes text nodes, never markup.

const NONE = "–";
const SERIES = 5;
const BARS_MAX = 25;
const ROWS_MAX = 500;
// Longer names may wrap.
const NAME_MIN = 15;
const NAME_MAX = 80;
const CHANGE_MAX = 1000;
// While a page opens, its elements have no width for a moment.
const WIDTH_MIN = 160;
const LETTER = 7.2;
const TIP = { fill: "var(--paper)", lineHeight: 1.3 };
// Values of these units are words of this product; values of other units are the merchant's names.
const WORDS = new Set(["customers", "segment", "state", "status", "word"]);
const LEVEL_WORDS = new Set(["none", "new", "gone"]);
// Values of these units are written with a sign of their own, such as € or %.
const SIGNED = new Set(["minor units", "ratio"]);
// An axis of these units needs no caption.
const DATES = new Set(["day", "month"]);
// Tables with more columns are printed in landscape.
const UPRIGHT_MAX = 10;

/** The text that replaces the chart of a report that has nothing to draw. */
export const NOTHING = {
  summary: "Nothing happened in this period.",
  trend: "Nobody ordered in this period.",
  sources: "Nobody ordered in this period.",
  members: "No member ordered in this period.",
  retention: "Nobody who enrolled in this period ordered.",
  repeat: "Nobody ordered in this period.",
  lifetime_value: "No customer who began in this period has brought in money yet.",
  segments: "No member ordered in this period.",
  tiers: "There are no members in this period.",
  guests: "No guest ordered in this period.",
  top_members: "No member ordered in this period.",
  at_risk_members: "No member has been silent longer than usual for them.",
  earning_rules: "No order earned in this period.",
  campaigns: "No campaign gave points for an order of this period.",
  liability: "Members hold nothing at the end of this period.",
  liability_age: "Members hold nothing at the end of this period.",
  breakage: "Nothing expired, and nothing is likely to.",
  redemption: "Nobody who enrolled in this period redeemed a reward.",
  rewards: "No reward was redeemed in this period.",
  messages: "Nobody ordered soon after a message of this period.",
  surveys: "No survey was answered in this period.",
  actions: "Nobody of the staff did anything in this period.",
  promoters: "Nobody who answered a survey in this period ordered soon after.",
};

/**
 * Show an answer in a place, and redraw it whenever the width changes. On a page that is not about
 * it alone, the page has the heading.
 */
export function show(answer, place, { isAlone = true } = {}) {
  const chart = element("div", { class: "chart" });
  const figures = answer.rows.length ? [table(answer)] : [];
  place.classList.toggle("wide", answer.rows.length > 1 && answer.columns.length > UPRIGHT_MAX);
  place.replaceChildren(...heading(answer, isAlone), chart, ...figures, ...meaning(answer));
  fit(chart, (width) => drawing(answer, width));
}

/** Draw into a place, again whenever its width changes. */
export function fit(place, draw) {
  let drawn = 0;
  const observer = new ResizeObserver(([{ contentRect }]) => {
    const width = Math.floor(contentRect.width);
    if (width < WIDTH_MIN || width === drawn) return;
    drawn = width;
    place.replaceChildren(draw(width));
  });
  observer.observe(place);
}

export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

export const topic = (answer) => answer.title.split(/[:.]/, 1)[0];

// Texts and numbers

/** Formatters for values, in the reader's locale, with the program's currency and names. */
export function writing(answer, locale) {
  const { currency, currency_digits: digits, points_many: points, names } = answer.program;
  const money = (options) =>
    number({ style: "currency", currency, currencyDisplay: "narrowSymbol", ...options });
  const number = (options) => new Intl.NumberFormat(locale, options);
  const date = (options) => new Intl.DateTimeFormat(locale, { timeZone: "UTC", ...options });
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

  /** A value of a unit; `isShort` abbreviates it. */
  function value(unit, raw, isShort = false) {
    if (raw === null) return { month: "No date", level: "None" }[unit] ?? NONE;
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

  /** The program's name of an id; words of this product are capitalized. */
  function called(unit, raw) {
    if (names[unit] && Object.hasOwn(names[unit], raw)) return abridged(names[unit][raw]);
    const isWord = WORDS.has(unit) || (unit === "level" && LEVEL_WORDS.has(raw));
    return isWord ? spoken(raw) : raw;
  }

  /** A value in a table; all means of a column have the same number of decimals. */
  function cell({ unit, type }, raw) {
    const isMean = type === "decimal" && raw !== null && !SIGNED.has(unit) && unit !== "rate";
    return isMean ? mean.format(raw) : value(unit, raw);
  }

  /** A tick of an axis; the year is written only if it differs from that of the tick before. */
  function tick(unit, raw, before) {
    if (!DATES.has(unit) || raw === null) return value(unit, raw, true);
    const isMonth = unit === "month" || answer.by === "month";
    const written = (isMonth ? monthOfYear : dayOfYear).format(new Date(raw));
    const year = raw.slice(0, 4);
    return before?.startsWith(year) ? written : `${written}\n${year}`;
  }

  /** A key figure: without cents from a thousand on, abbreviated from a million on. */
  function figure(unit, raw) {
    const isMoney = unit === "minor units";
    const much = Math.abs(isMoney ? raw / scale : raw);
    if (much >= 1e6) return value(unit, raw, true);
    return isMoney && much >= 1e3 ? whole.format(raw / scale) : value(unit, raw);
  }

  /** A column's name in words. */
  function label(name) {
    const words = name
      .replace(/_(minor|id)\b/g, "")
      .replace(/_(days|months|median)$/, " ($1)")
      .replace(/_p(\d\d)$/, " ($1th percentile)")
      .replaceAll("_", " ");
    return spoken(words.replace(/\bpoints?\b/, isolated(points)));
  }

  /** A moment, in the program's time zone. */
  function instant(moment) {
    const { time_zone: timeZone } = answer.program;
    const format = { dateStyle: "medium", timeStyle: "short", timeZone };
    return new Intl.DateTimeFormat(locale, format).format(new Date(moment));
  }

  return { value, cell, tick, figure, label, instant };
}

function spoken(words) {
  const acronyms = /\b(csat|nps)\b/g;
  return capitalized(words.replaceAll("_", " ").replace(acronyms, (word) => word.toUpperCase()));
}

function capitalized(words) {
  return words.charAt(0).toLocaleUpperCase() + words.slice(1);
}

/** A name, cut if it is long: a survey's name is a whole question. */
function abridged(name) {
  const letters = [...name];
  return letters.length > NAME_MAX ? `${letters.slice(0, NAME_MAX - 1).join("")}…` : name;
}

/** Isolate right-to-left text, so that it does not reorder the text around it. */
function isolated(words) {
  return /[\u0590-\u08ff\ufb1d-\ufefc]/.test(words) ? `\u2068${words}\u2069` : words;
}

// Text around the chart

function heading(answer, isAlone) {
  const { program } = answer;
  const write = writing(answer);
  const question = answer.title.slice(topic(answer).length + 1).trim();
  const [first, last] = [answer.first_day, answer.last_day].map((day) => write.value("day", day));
  const asOf = `as of ${write.instant(answer.as_of)} (${program.time_zone})`;
  return [
    element(
      "header",
      {},
      element("p", { class: "program" }, element("bdi", {}, program.name)),
      ...(isAlone ? [element("h1", {}, topic(answer))] : []),
      element("p", { class: "question" }, capitalized(question)),
      element("p", { class: "period" }, `${first} – ${last} · ${asOf}`),
    ),
  ];
}

/** What a report counts and what its columns mean. */
function meaning(answer) {
  const write = writing(answer);
  const columns = answer.columns.flatMap(({ name, description }) => [
    element("dt", {}, write.label(name)),
    element("dd", {}, ...prose(description)),
  ]);
  return [
    element(
      "details",
      {},
      element("summary", {}, "What this counts"),
      ...answer.about.split("\n\n").filter(Boolean).map(paragraph),
      element("dl", {}, ...columns),
    ),
  ];
}

function paragraph(text) {
  return text.startsWith("    ")
    ? element("pre", {}, text.replace(/^ {4}/gm, ""))
    : element("p", {}, ...prose(text));
}

/** The Markdown that reports use. Links lead to other parts of the docs: only their text stays. */
const prose = (text) =>
  text
    .replace(/\[([^\]]+)\]\([^)]*\)/g, "$1")
    .split("`")
    .map((part, place) => (place % 2 ? element("code", {}, part) : part));

// Table

export function table(answer) {
  const write = writing(answer);
  const rows = answer.rows.length === 1 ? single(answer, write) : several(answer, write);
  const caption = element("caption", {}, `${topic(answer)}, the figures`);
  const made = element("table", {}, caption, ...rows);
  const box = { class: "table", tabindex: "0", role: "region", "aria-label": caption.textContent };
  if (answer.rows.length <= ROWS_MAX) return element("div", box, made);
  const more = element("button", { type: "button", class: "more" });
  more.append(`Show all ${answer.rows.length.toLocaleString()} rows`);
  more.addEventListener("click", () => {
    made.tBodies[0].append(...answer.rows.slice(ROWS_MAX).map((row) => line(answer, write, row)));
    more.remove();
  });
  return element("div", box, made, more);
}

/** The table of a report with one row: a line for each column. */
function single(answer, write) {
  const rows = answer.columns.map((column, place) =>
    element(
      "tr",
      {},
      element("th", { scope: "row" }, write.label(column.name)),
      element("td", { class: "figure" }, write.cell(column, answer.rows[0][place])),
      element("td", { class: "meaning" }, ...prose(column.description)),
    ),
  );
  return [element("tbody", {}, ...rows)];
}

function several(answer, write) {
  const head = answer.columns.map(({ name, type, description }) => {
    const figure = isFigure(type) ? { class: "figure" } : {};
    return element("th", { scope: "col", title: description, ...figure }, write.label(name));
  });
  const shown = answer.rows.slice(0, ROWS_MAX).map((row) => line(answer, write, row));
  return [element("thead", {}, element("tr", {}, ...head)), element("tbody", {}, ...shown)];
}

function line(answer, write, row) {
  const cells = answer.columns.map((column, place) => {
    const written = write.cell(column, row[place]);
    const isLong = column.type === "string" && written.length > NAME_MIN;
    const kind = isFigure(column.type) ? { class: "figure" } : isLong ? { class: "name" } : {};
    return place === 0
      ? element("th", { scope: "row", ...kind }, written)
      : element("td", kind, written);
  });
  return element("tr", {}, ...cells);
}

const isFigure = (type) => type === "integer" || type === "decimal";

// Charts

/** The chart that an answer's report declares, drawn for a width. */
export function drawing(answer, width, { isSmall = false } = {}) {
  const { kind, facet } = answer.chart;
  if (kind === "figures") return answer.rows.length ? figures(answer) : nothing(answer);
  const cases = measured(answer);
  if (!cases.some(({ value }) => value)) return nothing(answer);
  if (facet !== null) return facets(answer, width, isSmall);
  const data = { answer, cases, write: writing(answer), width, isSmall };
  return { column, bar, line: lines, funnel, heatmap }[kind](data);
}

/** A chart for each value of a column, side by side if there is room. */
function facets(answer, width, isSmall) {
  const write = writing(answer);
  const place = answer.columns.findIndex(({ name }) => name === answer.chart.facet);
  const { unit } = answer.columns[place];
  const room = width > 700 ? Math.floor((width - 32) / 2) : width;
  const parts = [...Map.groupBy(answer.rows, (row) => row[place])].map(([facet, rows]) => {
    const part = { ...answer, rows, chart: { ...answer.chart, facet: null } };
    const title = element("h3", {}, write.value(unit, facet));
    return element("div", {}, title, drawing(part, room, { isSmall }));
  });
  return element("div", { class: "facets" }, ...parts);
}

function nothing({ report }) {
  const text = NOTHING[report] ?? "There is nothing to show in this period.";
  return element("p", { class: "nothing" }, text);
}

/** The values of a chart: one for each x and series, summed over the rows that share them. */
export function measured({ chart, columns, rows }) {
  const place = new Map(columns.map(({ name }, index) => [name, index]));
  const sums = new Map();
  for (const row of rows) {
    const x = row[place.get(chart.x)];
    for (const measure of chart.y) {
      const series = chart.series === null ? measure : row[place.get(chart.series)];
      const [part, whole] = measure.split(" / ").map((name) => row[place.get(name)]);
      const key = JSON.stringify([x, series]);
      const sum = sums.get(key) ?? { x, series, part: null, whole: 0 };
      if (part !== null) sum.part = (sum.part ?? 0) + part;
      sum.whole = whole === undefined ? 1 : sum.whole + whole;
      sums.set(key, sum);
    }
  }
  return [...sums.values()].map(({ x, series, part, whole }) => {
    return { x, series, value: part === null || !whole ? null : part / whole };
  });
}

/** The tiles of key figures, each with its change since `before`, if that is given. */
export function figures(answer, before = null) {
  const write = writing(answer);
  const tiles = answer.chart.y.map((name) => {
    const place = answer.columns.findIndex((column) => column.name === name);
    const { unit, description } = answer.columns[place];
    const now = answer.rows[0][place];
    const parts = [element("dt", {}, write.label(name))];
    parts.push(element("dd", { title: description }, write.figure(unit, now)));
    const change = before && changed(now, before.rows[0][place], unit);
    if (change) parts.push(element("dd", { class: "change" }, change));
    return element("div", {}, ...parts);
  });
  return element("dl", { class: "figures" }, ...tiles);
}

/** A change in words. Ratios change in percentage points; changes from almost zero have no text. */
export function changed(now, before, unit, locale) {
  if (now === null || !before) return null;
  const isRatio = unit === "ratio";
  const difference = isRatio ? (now - before) * 100 : (now / before - 1) * 100;
  if (difference >= CHANGE_MAX) return null;
  const written = new Intl.NumberFormat(locale, {
    maximumFractionDigits: isRatio ? 1 : 0,
    signDisplay: "exceptZero",
  }).format(difference);
  return `${written}${isRatio ? " pp" : "%"} on the period before`;
}

function column(data) {
  const domain = stepsOf(data);
  const bars = Plot.barY(withValue(data.cases), { x: "x", y: "value", fill: "series" });
  const padding = domain.length > data.width / 6 ? 0 : 0.15;
  return framed(data, [bars], { type: "band", domain, padding });
}

function lines(data) {
  const domain = stepsOf(data);
  const r = domain.length > 60 ? 0 : 3;
  const marks = [
    Plot.lineY(data.cases, { x: "x", y: "value", stroke: "series", strokeWidth: 2 }),
    Plot.dot(withValue(data.cases), { x: "x", y: "value", fill: "series", r }),
  ];
  return framed(data, marks, { type: "point", domain });
}

const withValue = (cases) => cases.filter(({ value }) => value !== null);

function stepsOf({ answer, cases }) {
  const { unit } = columnOf(answer, answer.chart.x);
  return steps(
    unit,
    cases.map(({ x }) => x),
  );
}

/** A plot with axes and a legend. */
function framed(data, marks, x) {
  const { answer, cases, write, width, isSmall } = data;
  const { domain } = x;
  const across = columnOf(answer, answer.chart.x);
  const upward = measureUnit(answer, answer.chart.y[0]);
  const written = domain.map((step) => write.tick(across.unit, step));
  const marginLeft = longest(atTheTop(data).map((top) => write.value(upward, top, true))) + 14;
  const widest = longest(written.flatMap((text) => text.split("\n"))) + 10;
  const every = Math.ceil((domain.length * widest) / (width - marginLeft - 20));
  const ticks = domain.filter((_, place) => place % every === 0);
  const drawn = plotted(answer, {
    width,
    height: isSmall ? 200 : Math.min(380, Math.max(240, width * 0.42)),
    marginLeft,
    marginTop: 12,
    marginBottom: written.some((text) => text.includes("\n")) ? 44 : 30,
    x,
    y: { nice: true },
    color: colors(cases),
    marks: [
      Plot.gridY({ ticks: 5, stroke: "var(--line)", strokeOpacity: 1 }),
      Plot.axisY({
        ticks: 5,
        tickSize: 0,
        label: null,
        tickFormat: (value) => write.value(upward, value, true),
      }),
      Plot.axisX({
        ticks,
        tickSize: 0,
        label: null,
        lineHeight: 1.2,
        tickFormat: (step, place) => write.tick(across.unit, step, ticks[place - 1]),
      }),
      ...marks,
      Plot.ruleY([0], { stroke: "var(--ink)", strokeWidth: 1 }),
      tip(data, domain),
    ],
  });
  return element("figure", {}, ...legend(data), drawn, ...axisNote(data));
}

/** An upper limit for the width of the longest text. */
const longest = (texts) => Math.max(...texts.map(({ length }) => length)) * LETTER;

/** The candidates for the top label of an axis: the highest value, or a rounder one above it. */
function atTheTop({ answer, cases }) {
  const totals = Map.groupBy(withValue(cases), ({ x }) => x);
  const isStacked = answer.chart.kind === "column";
  const tops = [...totals.values()].map((here) =>
    here.reduce((sum, { value }) => (isStacked ? sum + value : Math.max(sum, value)), 0),
  );
  const top = Math.max(...tops);
  return [top, top * 1.25];
}

/** A caption below an axis that says what its numbers are. */
function axisNote({ answer, write, isSmall }) {
  const { name, unit, description } = columnOf(answer, answer.chart.x);
  if (DATES.has(unit) || isSmall) return [];
  return [element("figcaption", {}, `${write.label(name)}: `, ...prose(description))];
}

/** The steps of an axis in order, null last. Months and whole numbers are filled without gaps. */
export function steps(unit, found) {
  const distinct = [...new Set(found)].filter((step) => step !== null);
  const without = found.includes(null) ? [null] : [];
  if (unit === "month") return [...months(distinct.sort()), ...without];
  if (distinct.length && distinct.every(Number.isInteger)) {
    const first = Math.min(...distinct);
    const length = Math.max(...distinct) - first + 1;
    return [...Array.from({ length }, (_, place) => first + place), ...without];
  }
  return [...distinct, ...without];
}

function* months(sorted) {
  if (!sorted.length) return;
  const day = new Date(sorted[0]);
  for (const last = new Date(sorted.at(-1)); day <= last; day.setUTCMonth(day.getUTCMonth() + 1)) {
    yield day.toISOString().slice(0, 10);
  }
}

/** The tooltip of each step, with the values of all its series. */
function tip({ answer, cases, write }, domain) {
  const across = columnOf(answer, answer.chart.x);
  const byStep = Map.groupBy(withValue(cases), ({ x }) => x);
  const tips = domain.map((x) => {
    const here = byStep.get(x) ?? [];
    const values = here.map(({ series, value }) => {
      return `${seriesLabel(answer, write, series)}: ${measure(answer, write, series, value)}`;
    });
    const y = Math.max(0, ...here.map(({ value }) => value));
    const step = write.value(across.unit, x, answer.by === "month");
    return { x, y, title: [step, ...values].join("\n") };
  });
  return Plot.tip(tips, Plot.pointerX({ x: "x", y: "y", title: "title", ...TIP }));
}

/** Horizontal bars with name and total above each, so that both fit on a phone. */
function bar(data) {
  const { answer, cases, write } = data;
  const { unit } = columnOf(answer, answer.chart.x);
  const totals = new Map();
  for (const { x, value } of cases) totals.set(x, (totals.get(x) ?? 0) + value);
  const sorted = [...totals].sort(([, a], [, b]) => b - a);
  const shown = sorted.slice(0, data.isSmall ? 5 : BARS_MAX).map(([x, total]) => ({
    x,
    left: write.value(unit, x),
    right: measure(answer, write, answer.chart.y[0], total),
  }));
  const drawn = horizontalBars(data, shown, cases);
  const note = sorted.length > shown.length ? [hidden(data, shown.length, sorted.length)] : [];
  return element("figure", {}, ...legend(data), drawn, ...note);
}

function hidden({ isSmall }, shown, all) {
  const rest = isSmall ? "" : "; the table has the others";
  return element("figcaption", {}, `The first ${shown} of ${all}${rest}.`);
}

function horizontalBars({ answer, width }, shown, cases) {
  const names = new Set(shown.map(({ x }) => x));
  const bars = withValue(cases).filter(({ x }) => names.has(x));
  const letters = { y: "x", fill: "var(--ink)", dy: -9, fontSize: 12 };
  return plotted(answer, {
    width,
    height: shown.length * 38 + 8,
    margin: 4,
    x: { axis: null },
    y: { axis: null, domain: shown.map(({ x }) => x), padding: 0 },
    color: colors(cases),
    marks: [
      Plot.barX(bars, { x: "value", y: "x", fill: "series", insetTop: 20, insetBottom: 6 }),
      Plot.text(shown, {
        ...letters,
        text: "left",
        frameAnchor: "left",
        lineWidth: (width - 110) / 12,
        textOverflow: "ellipsis-middle",
      }),
      Plot.text(shown, { ...letters, text: "right", frameAnchor: "right", fontWeight: 600 }),
    ],
  });
}

/** A funnel: how many remain at each step. */
function funnel(data) {
  const { answer, cases, write } = data;
  const { unit } = columnOf(answer, answer.chart.x);
  const shown = cases.map(({ x, value }) => ({
    x,
    left: counted(write, unit, x),
    right: `${write.value("count", value)} · ${write.value("ratio", value / cases[0].value)}`,
  }));
  return element("figure", {}, horizontalBars(data, shown, cases));
}

function counted(write, unit, n) {
  return `${write.value(unit, n)} ${n === 1 ? unit.replace(/s$/, "") : unit}`;
}

/** A heat map, which scrolls if it is wider than the page. */
function heatmap(data) {
  const { answer, cases, write, width, isSmall } = data;
  const across = columnOf(answer, answer.chart.x);
  const down = columnOf(answer, answer.chart.series);
  const shade = columnOf(answer, answer.chart.y[0]);
  const columns = stepsOf(data);
  const rows = steps(
    down.unit,
    cases.map(({ series }) => series),
  );
  const names = rows.map((row) => write.value(down.unit, row));
  const marginLeft = Math.min(150, longest(names) + 12);
  const heads = columns.map((step) => write.value(across.unit, step, true));
  const narrow = Math.max(isSmall ? 20 : 42, Math.min(110, longest(heads) + 8));
  const least = marginLeft + columns.length * narrow;
  const wide = Math.max(least, Math.min(width, marginLeft + columns.length * 120));
  const room = (wide - marginLeft) / columns.length;
  const most = Math.max(...cases.map(({ value }) => value ?? 0));
  const lower = (name) => write.label(name).toLocaleLowerCase();
  const place = { x: "x", y: "series" };
  const figures = Plot.text(withValue(cases), {
    ...place,
    text: ({ value }) => write.value(shade.unit, value, room < 60),
    fill: ({ value }) => (value > most * 0.7 ? "var(--paper)" : "var(--ink)"),
  });
  const title = ({ x, series, value }) =>
    `${write.label(down.name)}: ${write.value(down.unit, series)}\n` +
    `${write.label(across.name)}: ${write.value(across.unit, x)}\n` +
    `${write.label(shade.name)}: ${write.value(shade.unit, value)}`;
  const drawn = plotted(answer, {
    width: wide,
    height: rows.length * (isSmall ? 19 : 30) + 28,
    marginLeft,
    marginTop: 24,
    marginBottom: 4,
    x: { domain: columns, padding: 0.04 },
    y: { domain: rows, padding: 0.06 },
    opacity: { domain: [0, most], range: [0.06, 1] },
    marks: [
      Plot.axisX({
        anchor: "top",
        tickSize: 0,
        label: null,
        lineWidth: room / 12,
        textOverflow: "ellipsis-middle",
        tickFormat: (_, place) => heads[place],
      }),
      Plot.axisY({
        tickSize: 0,
        label: null,
        lineWidth: (marginLeft - 4) / 12,
        textOverflow: "ellipsis-middle",
        tickFormat: (_, place) => names[place],
      }),
      Plot.cell(withValue(cases), { ...place, fill: "var(--series-1)", fillOpacity: "value" }),
      ...(room >= 36 ? [figures] : []),
      Plot.tip(withValue(cases), Plot.pointer({ ...place, title, ...TIP })),
    ],
  });
  const caption = `${write.label(shade.name)} by ${lower(down.name)} (down) and ${lower(across.name)} (across)`;
  const box = { class: "scroll", tabindex: "0", role: "region", "aria-label": topic(answer) };
  return element(
    "figure",
    {},
    element("p", { class: "measure" }, caption),
    element("div", box, drawn),
  );
}

/** A plot with a label. Its own style sheet is removed, because the page's policy forbids it, and
 * the labels of its parts, because they are nobody's: the plot is one picture. */
function plotted(answer, options) {
  const drawn = Plot.plot({
    ariaLabel: `${topic(answer)}: a chart of the figures in the table below`,
    style: { fontSize: "12px" },
    ...options,
  });
  for (const style of drawn.querySelectorAll("style")) style.remove();
  for (const part of drawn.querySelectorAll("[aria-label]")) part.removeAttribute("aria-label");
  drawn.setAttribute("role", "img");
  return drawn;
}

/** The legend: what is measured, and the color of each series. */
function legend({ answer, cases, write }) {
  const found = seriesOf(cases);
  const title = measureTitle(answer, write, found.length);
  const heading = title ? [element("p", { class: "measure" }, title)] : [];
  if (found.length === 1) return heading;
  const items = found.map((series, place) =>
    element("li", { class: `series-${1 + (place % SERIES)}` }, seriesLabel(answer, write, series)),
  );
  return [...heading, element("ul", { class: "legend" }, ...items)];
}

/** What all series measure: its name, or the unit if each series is a different measure. */
function measureTitle(answer, write, series) {
  const [first] = answer.chart.y;
  if (answer.chart.series === null && series > 1) {
    const unit = measureUnit(answer, first);
    const title = write.label(unit);
    return SIGNED.has(unit) || title === topic(answer) ? null : title;
  }
  const name = measureLabel(answer, write, first);
  const parts = first.split(" / ");
  if (parts.length === 1 || name === quotient(write, first)) return name;
  return `${name}: ${quotient(write, first).toLocaleLowerCase()}`;
}

const seriesOf = (cases) => [...new Set(cases.map(({ series }) => series))];

function colors(cases) {
  const domain = seriesOf(cases);
  return { domain, range: domain.map((_, place) => `var(--series-${1 + (place % SERIES)})`) };
}

const columnOf = (answer, name) => answer.columns.find((column) => column.name === name);

function seriesLabel(answer, write, series) {
  if (answer.chart.series === null) return measureLabel(answer, write, series);
  return capitalized(write.value(columnOf(answer, answer.chart.series).unit, series));
}

/** The column of a measure, or the column that is described as this quotient. */
function measureColumn({ columns }, measure) {
  return columns.find(({ name, description }) => name === measure || description === measure);
}

function measureLabel(answer, write, measure) {
  const column = measureColumn(answer, measure);
  return column ? write.label(column.name) : quotient(write, measure);
}

/** The unit of a measure: people per people is a ratio, money per people is money. */
export function measureUnit(answer, measure) {
  const column = measureColumn(answer, measure);
  if (column) return column.unit;
  const [part, whole] = measure.split(" / ").map((name) => columnOf(answer, name).unit);
  return part === whole ? "ratio" : part;
}

function quotient(write, measure) {
  return measure
    .split(" / ")
    .map((name, place) => (place ? write.label(name).toLocaleLowerCase() : write.label(name)))
    .join(" / ");
}

function measure(answer, write, series, value) {
  const name = answer.chart.series === null ? series : answer.chart.y[0];
  return write.value(measureUnit(answer, name), value);
}
