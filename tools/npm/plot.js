// The parts of Observable Plot that the pages use; what is not named here is not shipped.
export { axisX, axisY, barX, barY, cell, dot, gridY, lineY, plot, pointer, pointerX, ruleY, text, tip } from "@observablehq/plot";
