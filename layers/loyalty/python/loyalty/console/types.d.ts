// Types that the console's scripts share. Browsers do not load this file.

import type { TemplateResult } from "lit/html.js";
import type { components } from "loyalty-api";
import type { ProgramApi } from "./api.js";
import type { Format } from "./format.js";
import type { GROUPS } from "./views.js";

/** What the API takes or answers, by its name in the description: `Schema<"MemberAnswer">`. */
export type Schema<Name extends keyof components["schemas"]> = components["schemas"][Name];

export type Role = "analyst" | "cashier" | "manager" | "operator";

/** What Lit can draw. */
export type Content = TemplateResult | TemplateResult[] | string | number | symbol | null | undefined;

export interface ViewEntry {
  /** In the address, and the name of the file in `views/`. */
  name: string;
  group: (typeof GROUPS)[number];
  title: string;
  roles: Role[];
  /** False: the menu does not list it; links lead to it. */
  isListed?: boolean;
}

export interface View {
  /** Read what is shown and draw it with `page.show`. What it raises is shown to the person. */
  open(page: Page): Promise<void> | void;
  /** The person went to another address of this view. Without this, it is opened again. */
  follow?(page: Page): Promise<void> | void;
}

/** What a view is given. It ends when the person goes to another view. */
export interface Page {
  readonly program: string;
  /** The program in force: `{version, published_at, document}`. */
  readonly inForce: { version: number; published_at: string; document: any };
  /** The parts of the address after the view's name, decoded. */
  readonly params: string[];
  readonly query: URLSearchParams;
  readonly roles: ReadonlySet<string>;
  readonly api: ProgramApi;
  readonly format: Format;
  /** Whose token it is, as actions and entries name people. */
  readonly subject: string;
  /** Aborted when the view is left. */
  readonly signal: AbortSignal;
  /** Draw a view: `content` is called now and on every `redraw`. */
  show(content: () => Content, options?: { title?: string }): void;
  redraw(): void;
  /** Whether one of these roles is the person's. */
  may(...roles: Role[]): boolean;
  /** The address of a view: `page.link("member", id)`, `page.link("actions", {by: "…"})`. */
  link(view: string, ...parts: (string | Record<string, string>)[]): string;
  go(address: string): void;
  /** Go to other parameters of this view without opening it again. */
  moveTo(...params: string[]): void;
  /** Another version was published here. */
  learnProgram(inForce: Page["inForce"]): void;
  /** Read the program again, after it was published. */
  refreshProgram(): Promise<void>;
  /** Show an error in place of the view; 401 asks to sign in. */
  fail(error: unknown): void;
  /** Do something that the API may refuse, and say how it ended. Whether it was done. */
  attempt(act: () => Promise<unknown>, done: string): Promise<boolean>;
  /** Tell briefly what has happened: “10 points were added.” */
  announce(text: string): void;
  /** Keep something of this view for the tab, such as a form. */
  remember(name: string, value: unknown): void;
  recall(name: string): any;
  forget(name: string): void;
}

export interface FieldOptions {
  /** The JSON pointer of the value in the request, without the first slash. */
  name: string;
  label: string;
  /** `integer` is typed as text and sent as a number. */
  type?: "text" | "integer" | "date" | "datetime-local" | "email" | "tel" | "url" | "search" | "password" | "checkbox";
  hint?: Content;
  isRequired?: boolean;
  /** Values to choose from; others can be typed. */
  suggestions?: string[];
  /** It is not kept when the page is reloaded. */
  isSecret?: boolean;
  min?: number | string;
  max?: number | string;
  maxlength?: number;
  pattern?: string;
  /** What to say if the pattern does not match. */
  patternHint?: string;
  inputmode?: "text" | "numeric" | "decimal" | "tel" | "search" | "email" | "url";
  autocomplete?: string;
}
