// The chart library, a script of its own that defines a global. Browsers do not load this file.

declare const Plot: any;
