/**
 * The page before anything is known of the run: sections that the parts fill, as events bring them.
 *
 * @module
 */
import { markup, trusted } from "../report/html.ts";
import { stylesheet } from "../report/stylesheet.ts";
import client from "./client.js" with { type: "text" };
import { sectionTitles } from "./parts.ts";
import { dashboardStyles } from "./stylesheet.ts";

/** What the page may do: run its own script, and ask its own server. */
export function pagePolicy(nonce: string): string {
  return [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    "style-src 'unsafe-inline'",
    "img-src data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
}

/**
 * The page of a run.
 *
 * @param runDir The run's folder, as its heading.
 * @param query The address's query, with the token: its links carry it on.
 * @param nonce What its script is known by, see `pagePolicy`.
 */
export function dashboardPage(runDir: string, query: string, nonce: string): string {
  const name = runDir.replace(/[/\\]+$/, "").split(/[/\\]/).at(-1) ?? runDir;
  const links = Object.entries(sectionTitles).map(([id, title]) => markup`<a href="#${id}">${title}</a>\n`);
  const sections = Object.entries(sectionTitles).map(([id, title]) =>
    markup`<section id="${id}" hidden>\n<h2>${title}</h2>\n${id === "population" ? controls : ""}</section>\n`
  );
  return markup`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${name} – DetNAS</title>
<link rel="icon" href="data:,">
<style>${trusted(stylesheet)}${trusted(dashboardStyles)}</style>
</head>
<body>
<header>
<h1>${name}</h1>
<p class="lead">Run folder <code>${runDir}</code> · <a id="report" href="report.html${query}" target="_blank" rel="noopener">report</a></p>
<p class="live" data-state="connecting"><span class="lamp" aria-hidden="true"></span><span id="state" role="status">Connecting</span> <span id="changed"></span></p>
<p id="problem" class="problem" role="alert" hidden></p>
<noscript><p class="problem">This page needs its script to be kept up to date; the report does not.</p></noscript>
<nav aria-label="Sections">\n${links}</nav>
</header>
<main>\n${sections}</main>
<script type="module" nonce="${nonce}">${trusted(client)}</script>
</body>
</html>
`.source;
}

/** Steps through the search's generations; shown once there is more than one. */
const controls = markup`<div class="controls" id="controls" hidden>
<button type="button" id="play">Play</button>
<label for="moment">Generation</label>
<input type="range" id="moment" min="0" max="0" value="0" step="1">
<output id="moment-text" for="moment"></output>
</div>
`;
