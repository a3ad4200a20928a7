// How a receipt looks, on the page and in the file that a shopper keeps: one text for both, since a page that is opened
// from a disk may not read its own style sheets.
"use strict";

const PAPER_LOOK = `
.paper {
  max-width: 30rem; margin-inline: auto; padding: 1.5rem 1.5rem 2rem; background: var(--sheet); color: var(--ink); font-size: 1.0625rem;
  /* Torn off along the bottom, as from a roll. */
  mask: conic-gradient(from -45deg at bottom, #0000, #000 1deg 89deg, #0000 90deg) 50% / 1rem 100%;
}
.paper ul { list-style: none; }
.paper p, .paper ul { margin: 0; padding: 0; }
.heard { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
/* A name is broken only where it is longer than the line. */
bdi { display: inline-block; max-width: 100%; overflow-wrap: anywhere; }
.name bdi { display: inline; }
.paper header { display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: .125rem 1rem; color: var(--ink2); }
.paper .shop { color: var(--ink); font-size: 1.25rem; font-weight: 640; }
.paper .shop:has(+ .number) { grid-column: 1 / 3; }
.paper .object { align-self: center; text-align: end; }
.paper .training { padding: .5rem; border: 3px solid currentcolor; font-size: 1.25rem; font-weight: 640; text-align: center; }
.paper ul { padding: .5rem 0; }
.paper .lines { margin-top: .875rem; border-block: 1px dashed var(--line); }
.paper li, .total { display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: 0 1rem; align-items: baseline; padding: .375rem 0; }
.name { font-weight: 600; overflow-wrap: anywhere; }
.each { grid-column: 1 / 3; color: var(--ink2); font-size: .9375rem; }
.sum { text-align: end; white-space: nowrap; }
.paper .total { grid-template-columns: auto 1fr; padding: 1rem 0 .375rem; font-size: 1.25rem; font-weight: 640; }
.total .amount { text-align: end; font-size: 2.75rem; line-height: 1; letter-spacing: -.035em; white-space: nowrap; }
.total .long { font-size: 2rem; }
.total .longest { font-size: 1.0625rem; letter-spacing: 0; }
.total .longest sup { font-size: .7em; vertical-align: .3em; }
.total sup { font-size: .45em; line-height: 0; vertical-align: .92em; letter-spacing: 0; margin-inline-start: .06em; }
.taxes { color: var(--ink2); font-size: .9375rem; }
.less { color: var(--ink2); font-size: .9375rem; overflow-wrap: anywhere; }
.paper .subtotal { padding-bottom: 0; }
.payments { border-top: 1px dashed var(--line); font-size: .9375rem; }
.paper .payments .said { display: block; padding-top: 0; color: var(--ink2); }
.payments span, .fiscal { overflow-wrap: anywhere; }
.fiscal { color: var(--ink2); font-size: .9375rem; }
.proof { grid-template-columns: auto minmax(0, 1fr); gap: .5rem 1.25rem; align-items: start; max-width: 30rem; margin: 1.5rem auto 0; padding-inline: 1.5rem; }
.proof .code { grid-row: 1 / 3; width: 12rem; height: 12rem; background: #fff; fill: #000; }
.proof p { margin: 0; color: var(--ink2); font-size: .9375rem; }
.proof a { color: var(--ink); font-weight: 600; }
.proof .signature { grid-column: 1 / -1; font: 400 .625rem/1.4 ui-monospace, "Noto Sans Mono", monospace; overflow-wrap: anywhere; word-break: break-all; }
`;

// What the saved file needs besides: the day's colours, since it is paper, and the letters.
const KEPT_LOOK = `
:root {
  color-scheme: light; --paper: #f6f5f1; --sheet: #fff; --ink: #14171a; --ink2: #4a5058; --line: #d5d3cc;
}
*, *::before, *::after { box-sizing: border-box; }
body {
  margin: 0; padding: 1.5rem 1rem 3rem; background: var(--paper); color: var(--ink);
  font: 400 1.0625rem/1.5 Inter, "Noto Sans", "Noto Sans Arabic", "Noto Sans CJK SC", system-ui, sans-serif;
  font-variant-numeric: tabular-nums;
}
.proof { display: grid; }
:lang(zh) { font-family: Inter, "Noto Sans CJK SC", system-ui, sans-serif; }
@media (max-width: 30rem) {
  .proof { grid-template-columns: minmax(0, 1fr); padding-inline: 0; }
  .proof .code { grid-row: auto; justify-self: center; width: 100%; max-width: 22rem; height: auto; }
}
@media print { body { padding: 0; background: #fff; } .paper { mask: none; padding-inline: 0; } }
`;
