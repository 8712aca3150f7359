// What a form made from a schema needs to be told. Browsers do not load this file.

export interface Typing {
  /** The type of the input. */
  type: string;
  write(value: any): string;
  /** A text that is no such value stays a text. */
  read(text: string): any;
  /** Shown after the label. */
  unit?: string;
}

export interface Money {
  currency: string;
  written(minor: number): string;
  /** Null if the text is no amount. */
  minorOf(text: string): number | null;
}

/** What the schema does not say. A field is named by its definition: `Reward.stock`, `.rewards`. */
export interface FormWords {
  /** Groups of the document's fields; fields that are in none are groups of their own. */
  sections: { title: string; fields: string[] }[];
  hidden: ReadonlySet<string>;
  /** What a new thing begins with, by its definition. */
  starts: Record<string, any>;
  /** Fields that stand before "more settings" even if they are as by default, by definition. */
  first: Record<string, string[]>;
  label(field: string): string;
  /** Instead of the schema's description. */
  hint(field: string): string | undefined;
  /** One of the values of an enum. */
  choice(value: any): string;
  /** What one entry of a list is, or what the names of a map are. */
  thing(field: string): string;
  /** What a field can refer to, with names; null if it is typed. */
  names(field: string, document: any): [string, string][] | null;
  money(field: string, document: any): Money | null;
  /** How a moment is typed; null if as a text. */
  moment(document: any, shown: any): Typing | null;
  /** An entry of a list in a line: its name, and what stands beside it, in columns. `kind`: its
   * definition, or what its variant is called. */
  summary(kind: string, value: any, document: any): { name: string; notes: string[] };
}
