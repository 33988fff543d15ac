/**
 * The report's look: one style sheet for light and dark screens and for paper. Colours of series are Okabe and Ito's,
 * which people with any common colour vision tell apart, lightened on dark ground.
 *
 * @module
 */

/** Okabe and Ito's colours (2008) in the order classes take them; each carries near-black text. */
export const classColors: readonly string[] = [
  "#E69F00",
  "#56B4E9",
  "#009E73",
  "#F0E442",
  "#CC79A7",
  "#D55E00",
  "#0072B2",
  "#999999",
];

/** The colours of a page or picture, for light ground and for dark screens. */
export const colorVariables: string = `
:root {
  color-scheme: light dark;
  --paper: #ffffff; --ground: #f6f7f9; --ink: #1b1f24; --soft: #59636e; --rule: #d8dee4; --accent: #0072b2;
  --evolution: #0072b2; --random: #d55e00; --ageing: #00785a; --reinforce: #a3457f; --gradient: #9a6a00; --nsga2: #333a44;
  --winner: #b5127a; --code: #f0f2f5; --right: #0072b2; --wrong: #d55e00;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --paper: #171b21; --ground: #0e1116; --ink: #e6eaf0; --soft: #9aa6b2; --rule: #323a44; --accent: #6cbcf0;
    --evolution: #56b4e9; --random: #f08a4b; --ageing: #2dc79a; --reinforce: #e39cc8; --gradient: #f0d04a; --nsga2: #d5dbe3;
    --winner: #ff8ad0; --code: #222831; --right: #56b4e9; --wrong: #f08a4b;
  }
}
`;

/** CSS of the page. The variables of `:root` are what pictures refer to. */
export const stylesheet: string = `${colorVariables}* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 15px/1.5 system-ui, "Segoe UI", Roboto, "Liberation Sans", sans-serif; }
header, main { max-width: 1120px; margin: 0 auto; padding: 0 20px; }
header { padding-top: 32px; }
h1 { font-size: 30px; line-height: 1.2; margin: 0 0 4px; letter-spacing: -0.01em; overflow-wrap: anywhere; }
h2 { font-size: 21px; line-height: 1.3; margin: 0 0 14px; }
h3 { font-size: 16px; margin: 22px 0 8px; }
p { margin: 8px 0; max-width: 80ch; }
a { color: var(--accent); }
.lead, .note, .legend { color: var(--soft); }
.note { font-size: 13px; margin: 6px 0 0; }
nav { position: sticky; top: 0; z-index: 1; margin: 0 0 14px; background: var(--ground); border-bottom: 1px solid var(--rule); }
nav div { display: flex; gap: 4px 18px; max-width: 1120px; margin: 0 auto; padding: 10px 20px; overflow-x: auto; font-size: 14px; white-space: nowrap; }
nav a { text-decoration: none; }
nav a:hover { text-decoration: underline; }
section { scroll-margin-top: 52px; background: var(--paper); border: 1px solid var(--rule); border-radius: 10px; padding: 22px 24px; margin: 0 0 20px; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 12px; margin: 20px 0 8px; }
.tile { background: var(--paper); border: 1px solid var(--rule); border-radius: 10px; padding: 12px 14px; }
.tile b { display: block; font-size: 21px; line-height: 1.3; white-space: nowrap; font-weight: 650; font-variant-numeric: tabular-nums; }
.tile span { display: block; font-size: 13px; line-height: 1.35; color: var(--soft); }
.grid { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(440px, 100%), 1fr)); gap: 18px 28px; }
.three { grid-template-columns: repeat(auto-fit, minmax(min(300px, 100%), 1fr)); }
.piles { display: flex; flex-wrap: wrap; align-items: flex-end; gap: 10px 36px; }
.piles figure { max-width: 224px; }
.piles .picture svg { width: auto; max-width: 100%; }
figure { margin: 0 0 22px; min-width: 0; }
.grid > figure { margin: 0; }
.grid h3 { margin-top: 0; }
.note + .grid { margin-top: 20px; }
figcaption { font-weight: 600; font-size: 14px; margin-bottom: 6px; overflow-wrap: anywhere; }
.picture { overflow-x: auto; }
.picture svg { display: block; width: 100%; height: auto; }
.plot { --plot-background: var(--paper); }
.chain svg, .picture svg[width="1040"] { min-width: 640px; }
.photo svg { border-radius: 6px; background: var(--code); }
.legend { display: flex; flex-wrap: wrap; gap: 2px 18px; font-size: 13px; margin-bottom: 4px; }
.key { display: inline-flex; align-items: center; gap: 6px; white-space: nowrap; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: 14px; font-variant-numeric: tabular-nums; }
.scroll > table { min-width: min(100%, 420px); }
th, td { padding: 5px 18px 5px 0; text-align: left; vertical-align: top; border-bottom: 1px solid var(--rule); }
th { color: var(--soft); font-weight: 600; font-size: 13px; white-space: nowrap; vertical-align: bottom; }
th:last-child, td:last-child { padding-right: 0; }
.dense table { font-size: 13px; }
.dense th, .dense td { padding-right: 11px; }
.dense th { white-space: normal; font-size: 12px; line-height: 1.3; }
.dense td:first-child { white-space: nowrap; }
.number { text-align: right; white-space: nowrap; }
.bar { display: inline-block; width: 84px; height: 8px; margin-left: 10px; border-radius: 4px; background: var(--code); vertical-align: baseline; overflow: hidden; }
.bar i { display: block; height: 100%; background: var(--accent); border-radius: 4px; }
.matrix td { text-align: right; min-width: 62px; padding: 5px 8px; border: 1px solid var(--rule); }
.matrix thead th { text-align: right; padding: 5px 8px; }
.matrix thead th:first-child { text-align: left; }
.matrix tbody th { padding-right: 12px; vertical-align: middle; }
.matrix small { display: block; font-size: 11px; line-height: 1.3; min-height: 1.3em; color: var(--soft); }
.matrix .right { background: color-mix(in srgb, var(--right) calc(var(--share) * 0.45), transparent); }
.matrix .wrong { background: color-mix(in srgb, var(--wrong) calc(var(--share) * 0.45), transparent); }
code, pre { font-family: ui-monospace, "SF Mono", Menlo, Consolas, "Liberation Mono", monospace; font-size: 13px; }
code { overflow-wrap: anywhere; }
pre { background: var(--code); border-radius: 8px; padding: 12px 14px; margin: 6px 0 12px; overflow-x: auto; line-height: 1.45; }
details { margin: 10px 0; }
summary { cursor: pointer; color: var(--accent); font-size: 14px; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 2px 18px; margin: 0; font-size: 14px; }
dt { color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; }
@media print {
  @page { margin: 14mm; }
  body { background: none; font-size: 10.5pt; -webkit-print-color-adjust: exact; print-color-adjust: exact; }
  header, main { max-width: none; padding: 0; }
  nav { display: none; }
  section { border: 0; border-top: 1px solid var(--rule); border-radius: 0; padding: 12px 0 0; }
  table { font-size: 9pt; }
  h2, h3, .legend, summary, figcaption { break-after: avoid; }
  figure, .tile, .scroll, tr, dl { break-inside: avoid; }
  p { orphans: 3; widows: 3; }
  .picture, .scroll, pre { overflow: visible; }
  pre { white-space: pre-wrap; overflow-wrap: anywhere; }
  .chain svg, .picture svg[width="1040"] { min-width: 0; }
  .tiles { grid-template-columns: repeat(3, 1fr); }
  .grid { grid-template-columns: repeat(2, 1fr); }
  .three { grid-template-columns: repeat(3, 1fr); }
}
`;
