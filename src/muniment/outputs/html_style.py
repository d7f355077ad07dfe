"""How an HTML result looks, on screen in light and dark, and on paper."""

STYLE = """\
:root { color-scheme: light dark; --quiet: light-dark(#666, #9a9a9a); --rule: light-dark(#ccc, #444); }
body { margin: 0; font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: break-word; }
main { max-width: 46rem; margin: 0 auto; padding: 1rem; }
section { padding: 1rem 0 2rem; border-bottom: 1px solid var(--rule); }
section:last-child { border-bottom: 0; }
h1, h2, h3, h4, h5, h6 { line-height: 1.25; margin: 1.2em 0 .5em; }
h1 { font-size: 1.7rem; }
h2 { font-size: 1.4rem; }
h3 { font-size: 1.2rem; }
h4, h5, h6 { font-size: 1rem; }
table { border-collapse: collapse; margin: 1em 0; font-variant-numeric: tabular-nums; }
caption { text-align: start; padding-bottom: .4em; color: var(--quiet); }
th, td { border: 1px solid var(--rule); padding: .25em .6em; text-align: start; vertical-align: top; }
pre { overflow-x: auto; white-space: pre-wrap; }
figure { margin: 1em 0; padding: .5em 1em; border-left: 3px solid var(--rule); }
ul.printed { list-style: none; padding-left: 1.5em; }
.place, .furniture { color: var(--quiet); font-size: .8rem; margin: .3em 0; }
.problem { border: 1px solid currentColor; padding: .5em 1em; }
.signature { font-style: italic; }
@media print {
  main { max-width: none; padding: 0; }
  section { border: 0; padding: 0; break-after: page; }
  section:last-child { break-after: auto; }
  table, figure, pre { break-inside: avoid; }
}
"""
