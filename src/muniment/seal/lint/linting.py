"""The whole check: read, judge, take away what is allowed."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from muniment.errors import UsageError
from muniment.seal.lint.allowing import Allowance, allowances
from muniment.seal.lint.engines import engines_among
from muniment.seal.lint.project import load
from muniment.seal.lint.reach import Reach, reaches
from muniment.seal.lint.report import Finding, Report, Standing
from muniment.seal.lint.rule import Rule, Severity, Subject
from muniment.seal.lint.rules import RULES
from muniment.seal.lint.rules.files import ALLOW_COMMENT
from muniment.seal.lint.services import Service


def lint(paths: Sequence[Path]) -> Report:
    """Look at compose files that are used together, the later over the earlier.

    Nothing but these files and what they name in the first one's folder is read; nothing is run or asked.

    Raises:
        UsageError: one of them cannot be read, is no YAML, or none has services.
    """
    if not paths:
        raise UsageError("No compose file was named", "Name one, like compose.yaml.")
    project = load(paths)
    subject = Subject(project=project, reaches=reaches(project), engines=engines_among(project.services))
    found = [finding for rule in RULES for finding in _found(rule, subject)]
    order = {file: number for number, file in enumerate(project.sources)}
    judged = _allowed(found, list(allowances(project.sources)))
    return Report(
        files=project.files,
        services=tuple(_standing(service, subject) for service in project.services.values()),
        findings=tuple(
            sorted(judged, key=lambda one: (order.get(one.place.file, len(order)), one.place, one.rule.id, one.what))
        ),
    )


def _found(rule: Rule, subject: Subject) -> Iterator[Finding]:
    for hit in dict.fromkeys(rule.check(subject)):
        severity = rule.on_engines if rule.on_engines and hit.service in subject.engines else rule.severity
        yield Finding(rule=rule, severity=severity, place=hit.place, service=hit.service, what=hit.what)


def _allowed(found: Sequence[Finding], comments: Sequence[Allowance]) -> Iterator[Finding]:
    """The findings, those marked that a comment allows; and the comments that allow nothing."""
    known = {rule.id for rule in RULES} - {ALLOW_COMMENT.id}
    useful = {(one.place.file, one.rule, one.line): one for one in comments if one.reason}
    used = set()
    for finding in found:
        comment = useful.get((finding.place.file, finding.rule.id, finding.place.line))
        if comment is not None:
            used.add(comment)
        yield replace(finding, allowed=comment.reason if comment else "")
    for comment in comments:
        if comment not in used:
            what = _idle(comment, known)
            yield Finding(rule=ALLOW_COMMENT, severity=Severity.WARNING, place=comment.place, service="", what=what)


def _idle(comment: Allowance, known: set[str]) -> str:
    if comment.rule not in known:
        return f'no rule is called "{comment.rule}"'
    return f"{comment.rule} is not found here" if comment.reason else "it gives no reason"


def _standing(service: Service, subject: Subject) -> Standing:
    reach: Reach = subject.reaches[service.name]
    kind = subject.engines.get(service.name)
    borrowed = service.network_mode.startswith(("service:", "container:"))
    dropped = reach.cut_off or borrowed or service.network_mode == "host"
    return Standing(
        service=service.name,
        place=service.place,
        engine=kind.name if kind else "",
        profiles=service.profiles,
        networks=tuple(reach.networks),
        published=() if dropped else tuple(port.written for port in service.ports),
        out=reach.out.value,
        paths=reach.paths,
    )
