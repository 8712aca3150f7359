// @ts-check
// Exports: reports and facts as files, with how far each has come.

import { Form } from "../forms.js";
import { isUnderWay, readAgain, stateOf } from "../jobs.js";
import { html } from "../lit.js";
import { path } from "../api.js";
import { readable, topicOf } from "../report_menu.js";
import { listed } from "../table.js";

/** @typedef {import("../types").Page} Page */

const FORMATS = /** @type {[string, string][]} */ ([
  ["csv", "CSV"],
  ["parquet", "Parquet"],
]);

/** @type {import("../types").View} */
export const view = {
  async open(page) {
    let exports_ = await read(page);
    const again = async () => {
      exports_ = await read(page);
      page.redraw();
    };
    const form = requesting(page, again);
    page.show(
      () => html`
        ${listed(page, exports_, {
          caption: "Exports of the last 30 days",
          empty: "Nothing was exported in the last 30 days.",
          columns: [
            {
              label: "Requested",
              isHead: true,
              cell: (each) => page.format.instant(each.requested_at),
            },
            { label: "What", cell: (each) => subjectOf(each) },
            {
              label: "Period",
              cell: (each) => page.format.period(each.first_day, each.last_day),
            },
            { label: "State", cell: (each) => outcome(page, each) },
            {
              label: "File",
              cell: (each) =>
                each.state === "done"
                  ? html`<button type="button" aria-label="Save ${each.format}: ${subjectOf(each)} of ${page.format.instant(each.requested_at)}" @click=${() => save(page, each)}>Save ${each.format}</button>`
                  : "–",
            },
          ],
        })}
        <section class="panel"><h2>Request a file</h2>${form()}</section>`,
      { title: "Exports" },
    );
    readAgain(page, () => exports_.items.some(isUnderWay), again);
  },
};

/** @param {Page} page */
async function read(page) {
  const list = page.api.list("/reports/exports", { limit: 20 });
  await list.next();
  return list;
}

/** @param {Page} page @param {() => Promise<void>} again */
function requesting(page, again) {
  const groups = readable(page);
  const first = `${page.format.today().slice(0, 4)}-01-01`;
  const form = new Form(page, "export", {
    act: (body, key) => page.api.request("POST", "/reports/exports", { body, key }),
    done: async () => {
      page.announce("The file is being made.");
      await again();
    },
    values: {
      report: groups[0]?.reports[0]?.name ?? "",
      from: first,
      to: page.format.today(),
      format: "csv",
    },
  });
  const reports = groups.flatMap((group) =>
    group.reports.map(({ name, topic }) => /** @type {[string, string]} */ ([name, topic])),
  );
  return () =>
    form.render(
      html`${form.select({ name: "report", label: "Report", isRequired: true, choices: reports })}
        ${form.field({ name: "from", label: "From", type: "date", isRequired: true })}
        ${form.field({ name: "to", label: "To", type: "date", isRequired: true })}
        ${form.select({ name: "format", label: "Format", isRequired: true, choices: FORMATS })}`,
      { submit: "Request" },
    );
}

/** @param {any} each */
function subjectOf({ report, facts }) {
  return report ? (topicOf(report) ?? report) : `facts: ${facts}`;
}

/** @param {Page} page @param {any} each */
function outcome(page, each) {
  const { state, progress, size_bytes: bytes } = each;
  if (state === "done")
    return html`${page.format.number(progress.rows_written)} rows, ${page.format.number(Math.ceil((bytes ?? 0) / 1024))} kB`;
  if (!isUnderWay(each) || !progress.objects_total) return stateOf(each);
  const { objects_read: part, objects_total: whole } = progress;
  return html`<progress max=${whole} value=${part ?? 0} aria-label="Facts read"></progress> ${part ?? 0} of ${whole}`;
}

/** A link to a file is made when it is wanted, because it lapses. @param {Page} page @param {any} each */
async function save(page, each) {
  try {
    const { download } = await page.api.get(path`/reports/exports/${each.id}`);
    if (!download) return page.announce("The file is no longer there. Request it again.");
    Object.assign(document.createElement("a"), { href: download.url, download: "" }).click();
  } catch (error) {
    page.fail(error);
  }
}
