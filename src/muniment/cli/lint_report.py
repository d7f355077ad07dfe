"""What ``muniment lint`` shows to people: the findings by rule, and what every service reaches."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from muniment.cli.messages import counted, printable

if TYPE_CHECKING:
    from muniment.seal.lint import Finding, Report, Standing

_OUT = {"yes": "yes", "unknown": "not known", "indirect": "not by itself", "no": "no"}


def report_lines(report: "Report") -> str:
    """The whole report."""
    lines = [*_findings(report), *_reach(report), "", _summary(report)]
    return "\n".join(printable(line) for line in lines) + "\n"


def _findings(report: "Report") -> Iterator[str]:
    """The worst first, in the order of the rules; each rule's why and what to do once."""
    from muniment.seal.lint import RULES, Severity

    for severity in Severity:
        of_rule: dict[str, list[Finding]] = {}
        for finding in report.open(severity):
            of_rule.setdefault(finding.rule.id, []).append(finding)
        for rule in RULES:
            if findings := of_rule.get(rule.id):
                yield f"{severity.value} {rule.id}: {rule.title}"
                yield from (f"  {_told(finding)}" for finding in findings)
                yield f"  why: {rule.why}"
                yield f"  fix: {rule.fix}"
                yield ""


def _told(finding: "Finding") -> str:
    service = f"{finding.service}: " if finding.service else ""
    return f"{finding.place.file}:{finding.place.line}: {service}{finding.what}"


def _reach(report: "Report") -> Iterator[str]:
    yield "What reaches out:"
    rows = [(_named(one), _OUT[one.out], ", ".join(one.published) or "-") for one in report.services]
    head = ("service", "reaches out", "published")
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    for row, paths in zip((head, *rows), (["by"], *(_paths(one) for one in report.services)), strict=True):
        cells = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield f"  {cells}  {paths[0]}".rstrip()
        for path in paths[1:]:
            yield f"  {' ' * len(cells)}  {path}"


def _named(one: "Standing") -> str:
    told = [one.engine, *(f"profile {profile}" for profile in one.profiles)]
    return f"{one.service} ({', '.join(filter(None, told))})" if any(told) else one.service


def _paths(one: "Standing") -> list[str]:
    return [path.what for path in one.paths] or ["-"]


def _summary(report: "Report") -> str:
    counts = report.counts
    told = [counted(counts[name], name) for name in ("error", "warning", "note")]
    allowed = f"; {counts['allowed']:,} allowed" if counts["allowed"] else ""
    return f"{', '.join(told)}{allowed}. This says what the file says, not what runs."
