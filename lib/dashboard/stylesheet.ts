/**
 * What the dashboard adds to the report's look.
 *
 * @module
 */

/** CSS after the report's, in its colours. */
export const dashboardStyles: string = `
[hidden] { display: none !important; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.live { display: flex; flex-wrap: wrap; align-items: baseline; gap: 0 8px; font-variant-numeric: tabular-nums; }
.live #changed { color: var(--soft); font-size: 13px; }
.lamp { width: 10px; height: 10px; border-radius: 50%; border: 2px solid var(--soft); }
.live[data-state="live"] .lamp { background: var(--ageing); border-color: var(--ageing); }
.live[data-state="lost"] .lamp { background: var(--random); border-color: var(--random); }
.problem { border-left: 4px solid var(--random); padding: 8px 12px; background: var(--paper); overflow-wrap: anywhere; }
section { scroll-margin-top: 12px; }
section .tiles { margin-top: 0; margin-bottom: 18px; }
section .tile { background: var(--ground); }
tbody th { color: var(--ink); font-size: 14px; vertical-align: top; }
#now th, #now td { white-space: nowrap; }
tr.started .state { font-weight: 650; }
tr.new td, tr.new th { color: var(--soft); }
#now .number > .bar { display: block; width: 100%; height: 6px; margin: 4px 0 0; }
.controls { display: flex; flex-wrap: wrap; align-items: center; gap: 8px 12px; margin-bottom: 12px; font-size: 14px; }
.controls input { flex: 1 1 160px; min-width: 120px; max-width: 520px; accent-color: var(--accent); min-height: 32px; }
.controls output { min-width: 9ch; font-variant-numeric: tabular-nums; }
button { font: inherit; color: var(--ink); background: var(--code); border: 1px solid var(--soft); border-radius: 8px; padding: 5px 16px; min-width: 76px; min-height: 36px; cursor: pointer; }
.photo figcaption { overflow-wrap: anywhere; }
.moments g.later { visibility: hidden; }
.moments g.earlier { opacity: 0.6; }
@media (prefers-reduced-motion: no-preference) {
  .moments g.earlier { transition: opacity 0.4s; }
  .live[data-state="live"] .lamp { animation: breathe 2.4s ease-in-out infinite; }
  @keyframes breathe { 50% { opacity: 0.35; } }
}
@media (max-width: 600px) {
  header, main { padding: 0 12px; }
  section { padding: 16px 14px; }
  #now th, #now td { padding-right: 10px; }
  #population .picture svg { min-width: 560px; }
}
@media print { .controls, .live { display: none; } }
`;
