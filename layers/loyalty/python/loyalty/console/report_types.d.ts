// What the scripts that draw a report share. Browsers do not load this file.

import type { Schema } from "./types";
import type { writing } from "./report_words.js";

export type Answer = Schema<"ReportAnswer">;
export type Column = Answer["columns"][number];
export type Cell = Answer["rows"][number][number];
export type Writing = ReturnType<typeof writing>;

/** A value of a chart, for one x and one series. */
export interface Case {
  x: Cell;
  series: Cell;
  value: number | null;
}

export interface KnownCase extends Case {
  value: number;
}

/** What a chart is drawn from. */
export interface Data {
  answer: Answer;
  cases: Case[];
  write: Writing;
  width: number;
  isSmall: boolean;
}
