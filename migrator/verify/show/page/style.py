"""How the page looks: light and dark, on a screen of any width, and on paper."""

from __future__ import annotations

import hashlib
from base64 import b64encode

STYLE = """
:root {
  color-scheme: light dark;
  --back: #ffffff; --panel: #f6f7f9; --line: #d9dee5; --text: #1c2128; --soft: #56606c; --link: #0a58b0;
  --equal: #13622c; --equal-back: #e7f5eb;
  --different: #a11a16; --different-back: #fdecea;
  --unknown: #6f4c00; --unknown-back: #fdf3d8;
  --run-0: #7c91ad; --run-1: #0b4f9e; --run-2: #b4500b; --run-3: #7a3aa8;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --back: #101419; --panel: #181d24; --line: #303844; --text: #e6eaef; --soft: #a2acb8; --link: #7db7ff;
    --equal: #74d992; --equal-back: #12281a;
    --different: #ff9c93; --different-back: #331a1a;
    --unknown: #efc363; --unknown-back: #2d2510;
    --run-0: #6d7f96; --run-1: #7db7ff; --run-2: #ffa057; --run-3: #cf9bf5;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body {
  margin: 0 auto; max-width: 72rem; padding: 1.5rem clamp(0.9rem, 4vw, 2.5rem) 4rem;
  background: var(--back); color: var(--text);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
  overflow-wrap: anywhere;
}
h1, h2, h3, p, ul, dl, dd, figure, pre { margin: 0; }
ul { padding: 0; list-style: none; }
h1 { font-size: clamp(1.9rem, 6vw, 2.6rem); line-height: 1.1; letter-spacing: -0.02em; font-weight: 680; }
h2 { font-size: 1.2rem; line-height: 1.3; letter-spacing: -0.01em; font-weight: 650; }
h3 { font-size: 1rem; line-height: 1.4; font-weight: 650; }
code, pre { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; font-size: 0.855em; }
a { color: var(--link); text-underline-offset: 0.15em; }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
.soft { color: var(--soft); }
.small { font-size: 0.875rem; }
section { margin-top: 2.75rem; }
section > h2 { padding-bottom: 0.45rem; margin-bottom: 0.9rem; border-bottom: 1px solid var(--line); }
section > h2 + p { margin-bottom: 0.9rem; }

/* an outcome: its colour, and always its word */
.equal { --tone: var(--equal); --tone-back: var(--equal-back); }
.different { --tone: var(--different); --tone-back: var(--different-back); }
.unknown { --tone: var(--unknown); --tone-back: var(--unknown-back); }
.badge {
  display: inline-block; padding: 0.05rem 0.55rem; border-radius: 1rem; white-space: nowrap;
  background: var(--tone-back); color: var(--tone); font-size: 0.8125rem; font-weight: 600;
}

/* the headline */
.head {
  padding: clamp(1.1rem, 4vw, 2rem); border-radius: 0.75rem; border-left: 0.4rem solid var(--tone);
  background: var(--tone-back);
}
.head h1 { color: var(--tone); display: flex; align-items: center; gap: 0.5em; }
.mark { flex: none; width: 0.95em; height: 0.95em; fill: none; stroke: currentColor; stroke-width: 2.75; stroke-linecap: round; }
.head .lead { margin-top: 0.7rem; font-size: 1.125rem; line-height: 1.45; max-width: 46rem; }
.head ul { display: flex; flex-wrap: wrap; gap: 0.3rem 1.4rem; margin-top: 1rem; }
.head li b { color: var(--tone); }
.subject { margin-bottom: 1rem; display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0.2rem 1.5rem; }
nav ul { display: flex; flex-wrap: wrap; gap: 0.2rem 1.25rem; margin-top: 1rem; }
nav a { display: inline-block; padding: 0.25rem 0; }

/* promises */
.promises { display: grid; gap: 1.25rem; margin-top: 1.5rem; }
@media (min-width: 60rem) { .promises { grid-template-columns: 1fr 1fr; } }
.promise { margin: 0; padding: 1.1rem 1.1rem 1.2rem; border: 1px solid var(--line); border-radius: 0.75rem; min-width: 0; }
.promise > h2 {
  display: flex; flex-wrap: wrap; align-items: baseline; gap: 0.25rem 0.7rem; border: 0; padding: 0; margin: 0 0 0.5rem;
}
.promise > * + * { margin-top: 0.9rem; }
.cause { padding: 0.8rem 1rem; border-left: 0.25rem solid var(--tone); border-radius: 0.3rem; background: var(--tone-back); }
.cause p + p { margin-top: 0.4rem; }
.listed { padding-left: 1.1rem; list-style: disc; }
.listed li + li { margin-top: 0.3rem; }
h3 + .listed, h3 + p { margin-top: 0.35rem; }

/* tables */
table { border-collapse: collapse; width: 100%; font-size: 0.9rem; line-height: 1.45; font-variant-numeric: tabular-nums; }
th, td { padding: 0.42rem 0.7rem; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line); }
th { font-weight: 600; }
thead th { color: var(--soft); font-size: 0.8125rem; }
.findings th:first-child, .findings td:first-child { padding-left: 0; }
.findings td:last-child, .findings th:last-child { padding-right: 0; }
.findings tbody tr:last-child > * { border-bottom: 0; }
.findings thead th { white-space: nowrap; overflow-wrap: normal; }
.findings th:first-child { min-width: 5.4rem; }
.findings td:last-child { width: 55%; }
.scroll { overflow: auto; max-width: 100%; border: 1px solid var(--line); border-radius: 0.5rem; }
.steps { max-height: 26rem; }
.steps table { width: auto; min-width: 100%; border-collapse: separate; border-spacing: 0; }
.steps thead { position: sticky; top: 0; z-index: 2; }
.steps thead th { background: var(--panel); vertical-align: bottom; }
.steps th, .steps td { text-align: right; white-space: nowrap; overflow-wrap: normal; }
.steps th[scope=col] { white-space: normal; min-width: 6rem; }
.steps th, .steps td { padding-left: 0.55rem; padding-right: 0.55rem; font-size: 0.8125rem; }
.steps th[scope=colgroup] { text-align: left; border-bottom: 0; padding-bottom: 0; color: var(--text); }
.steps tbody th, .steps th.corner { position: sticky; left: 0; z-index: 1; background: var(--panel); min-width: 0; }
.steps .first { border-left: 1px solid var(--line); }
.steps .gap { text-align: left; color: var(--soft); background: var(--panel); }
.steps tbody tr:last-child > * { border-bottom: 0; }
span.differs { white-space: nowrap; padding: 0 0.3em; border-radius: 0.25em; }
.differs { font-weight: 600; color: var(--different); background: var(--different-back); }
.differs::before { content: "≠ "; }
.varies { text-decoration: underline dotted var(--soft); text-underline-offset: 0.25em; }

/* curves */
.plot {
  display: block; overflow: visible; height: clamp(13rem, 40vw, 21rem); width: calc(100% - 5rem); margin: 0.9rem 0.8rem 3.2rem 4.2rem;
}
.plot text { fill: var(--soft); font-size: 0.8125rem; font-variant-numeric: tabular-nums; }
.grid { stroke: var(--line); stroke-width: 1; }
.run { fill: none; stroke-linecap: round; stroke-linejoin: round; vector-effect: non-scaling-stroke; }
.run-0 { stroke: var(--run-0); stroke-width: 5.5; }
.run-1 { stroke: var(--run-1); stroke-width: 2.25; stroke-dasharray: 9 7; }
.run-2 { stroke: var(--run-2); stroke-width: 3.25; stroke-dasharray: 0.1 6; }
.run-3 { stroke: var(--run-3); stroke-width: 1.25; }
.band { stroke: none; opacity: 0.22; }
.band-0 { fill: var(--run-0); }
.band-1 { fill: var(--run-1); }
.band-2 { fill: var(--run-2); }
.band-3 { fill: var(--run-3); }
.lanes-1 { margin-top: 1.4rem; }
.lanes-2 { margin-top: 1.9rem; }
.lanes-3 { margin-top: 2.5rem; }
.lanes-4 { margin-top: 3rem; }
figure { display: flow-root; }
.legend { display: flex; flex-wrap: wrap; gap: 0.3rem 1.75rem; }
.legend li { display: flex; gap: 0.6rem; align-items: baseline; }
.legend svg { flex: none; width: 2.6rem; height: 0.75rem; overflow: visible; }

/* the diff */
.hunk { margin-top: 1rem; }
.hunk h3 { font-weight: 500; margin-bottom: 0.4rem; }
.beside { display: grid; gap: 0.7rem 1.5rem; }
.beside > * { min-width: 0; }
@media (min-width: 60rem) { .beside { grid-template-columns: minmax(0, 1.7fr) minmax(0, 1fr); } }
.patch { background: var(--panel); overflow-wrap: normal; }
.patch pre { display: inline-block; min-width: 100%; padding: 0.5rem 0; line-height: 1.5; tab-size: 4; }
.patch span { display: block; padding: 0 0.8rem; white-space: pre; min-height: 1.5em; }
.patch .at { color: var(--soft); }
.patch .add { background: var(--equal-back); color: var(--equal); }
.patch .cut { background: var(--different-back); color: var(--different); }
.patch .blame { box-shadow: inset 0.25rem 0 var(--different); }
.rules { font-size: 0.9rem; }
.rules li + li { margin-top: 0.5rem; }
.rules b { font-weight: 600; margin-right: 0.4rem; }

/* runs */
.runs { display: grid; gap: 1rem; }
.runs article { padding: 1rem 1.1rem; border: 1px solid var(--line); border-radius: 0.75rem; min-width: 0; }
.command {
  display: block; margin-top: 0.5rem; padding: 0.5rem 0.8rem; border-radius: 0.4rem; background: var(--panel);
  white-space: pre-wrap;
}
.facts { display: flex; flex-wrap: wrap; gap: 0.2rem 1.75rem; margin-top: 0.6rem; font-size: 0.9rem; }
.facts div { display: flex; gap: 0.5rem; }
.facts dt { color: var(--soft); }
.command span { display: inline-block; max-width: 100%; }
details { margin-top: 0.7rem; }
summary { cursor: pointer; font-size: 0.9rem; padding: 0.2rem 0; }
details .scroll { margin-top: 0.35rem; max-height: 24rem; padding: 0.7rem 0.8rem; background: var(--panel); }
details pre { white-space: pre-wrap; line-height: 1.5; }
footer { margin-top: 3rem; padding-top: 1rem; border-top: 1px solid var(--line); }

@media (max-width: 30rem) {
  .promise { padding: 0.9rem; }
  .findings thead { position: absolute; clip-path: inset(50%); height: 1px; overflow: hidden; }
  .findings tr { display: grid; grid-template-columns: minmax(0, 1fr) auto; padding: 0.5rem 0; border-bottom: 1px solid var(--line); }
  .findings tr > * { border: 0; padding: 0.1rem 0; }
  .findings td:last-child { grid-column: 1 / -1; width: auto; }
  .findings tbody tr:last-child { border: 0; }
  .plot { width: calc(100% - 4.2rem); margin-left: 3.7rem; margin-right: 0.5rem; }
}
@media print {
  body { max-width: none; padding: 0; font-size: 10pt; }
  nav { display: none; }
  .scroll, .steps, details .scroll { max-height: none; overflow: visible; }
  .steps thead, .steps tbody th, .steps th.corner { position: static; }
  .steps table { width: 100%; }
  .steps tr > *, .steps th[scope=col] { padding: 0.1rem 0.2rem; min-width: 0; font-size: 6.5pt; }
  .patch pre { display: block; }
  .patch span { white-space: pre-wrap; }
  .head, .badge, .differs, .add, .cut, .cause { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  .promise, .cause, figure, .runs article, tr { break-inside: avoid; }
  h2, h3 { break-after: avoid; }
  details::details-content { content-visibility: visible; block-size: auto; }
}
"""

# Nothing may be loaded from anywhere or run, and no style but the one above is used: texts in this page are others'.
_DIGEST = b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
POLICY = f"default-src 'none'; style-src 'sha256-{_DIGEST}'; base-uri 'none'; form-action 'none'"
