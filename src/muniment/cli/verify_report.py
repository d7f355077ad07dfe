"""What ``muniment verify`` shows: a line a claim, and below it what does not hold."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from muniment.cli.messages import counted, printable, say
from muniment.cli.standard_output import write_standard_output
from muniment.errors import ExitCode
from muniment.seal.claims import Check, Finding, Verdict, worst

if TYPE_CHECKING:
    from muniment.deploy.selftest.rehearsal import Rehearsed
    from muniment.seal.evidence.report import SignedReport

_CODES = {Verdict.HOLDS: ExitCode.OK, Verdict.BROKEN: ExitCode.BROKEN, Verdict.UNPROVEN: ExitCode.UNPROVEN}
_INDENT = " " * 10


def exit_code(findings: Sequence[Finding]) -> ExitCode:
    """By the worst of them."""
    return _CODES[worst(finding.verdict for finding in findings)]


def as_json(findings: Sequence[Finding]) -> dict[str, Any]:
    """For programs."""
    return {
        "verdict": worst(finding.verdict for finding in findings).value,
        "claims": [
            {**finding.claim.model_dump(), "verdict": finding.verdict.value, "checks": _dumped(finding.checks)}
            for finding in findings
        ],
    }


def _dumped(checks: Sequence[Check]) -> list[dict[str, Any]]:
    return [check.model_dump(mode="json") for check in checks]


def finding_lines(findings: Sequence[Finding], *, verbose: bool) -> str:
    """For people."""
    width = max((len(finding.claim.id) for finding in findings), default=0)
    lines = []
    for finding in findings:
        lines.append(f"{finding.verdict.value:8}  {finding.claim.id.ljust(width)}  {finding.claim.says}")
        lines += [_check(one) for one in finding.checks if verbose or one.verdict is not Verdict.HOLDS]
        if finding.verdict is Verdict.BROKEN:
            lines.append(f"{_INDENT}-> {finding.claim.mend}")
    return "\n".join(printable(line) for line in [*lines, "", _summary(findings)]) + "\n"


def _check(check: Check) -> str:
    control = f" [control: {check.control}]" if check.control else ""
    return f"{_INDENT}{check.verdict.value:8}  {check.subject}, {check.method}: {check.what}: {check.seen}{control}"


def _summary(findings: Sequence[Finding]) -> str:
    verdicts = [finding.verdict for finding in findings]
    told = [f"{verdicts.count(one)} {one.value}" for one in Verdict if one in verdicts]
    checks = sum(len(finding.checks) for finding in findings)
    return f"{counted(len(findings), 'claim')}: {', '.join(told)} ({counted(checks, 'check')})"


def write_lines(lines: Iterable[str]) -> None:
    """Lines for people, on standard output, whatever a report puts into them. Raises OutputError."""
    write_standard_output("".join(f"{printable(line)}\n" for line in lines))


def say_where(folder: Path, signed: "SignedReport") -> None:
    """Where a report lies, and whose it is, on standard error."""
    say(f"Report {signed.report.number} is in {folder}: report.html, report.md and report.json.")
    say(f"It is signed with the key {signed.fingerprint}.")


def verdict_line(signed: "SignedReport") -> str:
    """The verdict and what does not hold, in a line; the same as long as they are."""
    report = signed.report
    ill = [f"{one.claim.id} {one.verdict}" for one in report.evidence.findings if one.verdict is not Verdict.HOLDS]
    return f"{report.verdict}{': ' if ill else ''}{', '.join(ill)}"


def rehearsal_line(one: "Rehearsed") -> str:
    """What came of one fault, for people."""
    expected = "all claims" if one.verdict is Verdict.HOLDS else ", ".join(one.expected)
    lines = [f"{'right' if one.is_right else 'WRONG'}  {one.id:24}  {one.says}: {expected} {one.verdict.value}"]
    lines += [f"{_INDENT}but {odd}" for odd in one.odd]
    return "".join(f"{printable(line)}\n" for line in lines)


def rehearsal_summary(done: "Sequence[Rehearsed]") -> str:
    """How many were right, for people."""
    faults = [one for one in done if one.verdict is Verdict.BROKEN]
    found = sum(one.is_right for one in faults)
    others = sum(not one.is_right for one in done if one.verdict is not Verdict.BROKEN)
    rest = f"; {others} of the other looks went wrong" if others else ""
    return f"\n{found} of {counted(len(faults), 'fault')} were found where they are, and nothing else{rest}.\n"
