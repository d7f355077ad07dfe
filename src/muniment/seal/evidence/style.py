"""How a report looks, on screen in light and dark, and on A4."""

STYLE = """
:root { color-scheme: light dark; --quiet: light-dark(#5a5a5a, #a0a0a0); --rule: light-dark(#ccc, #444);
  --holds: light-dark(#17603a, #6fcf97); --unproven: light-dark(#7a5200, #e8b54d);
  --broken: light-dark(#a3161a, #ff8a80); }
body { margin: 0; font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: break-word; }
main { max-width: 64rem; margin: 0 auto; padding: 1.5rem; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 1rem; }
h2 { font-size: 1.2rem; line-height: 1.25; margin: 2.2rem 0 .6rem; padding-top: .6rem;
  border-top: 2px solid var(--rule); }
.headline { font-size: 1.2rem; border: 2px solid currentColor; padding: .6rem 1rem; }
.verdict { white-space: nowrap; }
.headline .verdict { font-size: 1.5rem; margin-right: .5rem; }
.holds { color: var(--holds); }
.unproven { color: var(--unproven); }
.broken { color: var(--broken); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1.2rem; margin: 1rem 0; }
dt { color: var(--quiet); }
dd { margin: 0; min-width: 0; overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; margin: .8rem 0; }
th, td { border: 1px solid var(--rule); padding: .3rem .6rem; text-align: start; vertical-align: top; }
th { color: var(--quiet); font-weight: 600; }
.wide { overflow-wrap: anywhere; }
code, pre { font: .85em/1.45 ui-monospace, "DejaVu Sans Mono", monospace; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; border: 1px solid var(--rule); padding: .6rem .8rem; }
details { border: 1px solid var(--rule); padding: .3rem .8rem; margin: .6rem 0; }
summary { cursor: pointer; padding: .2rem 0; }
@page {
  size: A4;
  margin: 18mm 16mm;
  @bottom-right { content: counter(page) " / " counter(pages); font: 8pt system-ui, sans-serif; }
}
@media print {
  :root { color-scheme: light; font-size: 9.5pt; }
  pre { font-size: 7.5pt; }
  main { max-width: none; padding: 0; }
  h1, h2, summary { break-after: avoid; }
  tr, li, dl, header { break-inside: avoid; }
  dl { break-after: avoid; }
  thead { display: table-header-group; }
  details { border: 0; padding: 0; }
  details::details-content { content-visibility: visible; block-size: auto; }
  summary { list-style: none; font-weight: 600; }
}
"""
