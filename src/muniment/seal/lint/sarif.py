"""What was found as SARIF 2.1.0, which code hosts and editors show beside the lines.

Source: OASIS, Static Analysis Results Interchange Format Version 2.1.0.
"""

from pathlib import Path
from typing import Any
from urllib.parse import quote

from muniment.seal.lint.report import Finding, Report
from muniment.seal.lint.rule import Rule
from muniment.seal.lint.rules import RULES
from muniment.seal.lint.tree import Place

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def as_sarif(report: Report, version: str) -> dict[str, Any]:
    """The report as a SARIF log.

    Args:
        version: Muniment's.
    """
    driver = {"name": "muniment lint", "semanticVersion": version, "rules": [_rule(rule) for rule in RULES]}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "artifacts": [{"location": {"uri": _uri(file)}} for file in report.files],
        "results": [_result(finding) for finding in report.findings],
    }
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.why},
        "help": {"text": rule.fix},
        "defaultConfiguration": {"level": rule.severity.value},
    }


def _result(finding: Finding) -> dict[str, Any]:
    service = f"{finding.service}: " if finding.service else ""
    location: dict[str, Any] = {"physicalLocation": _location(finding.place)}
    if finding.service:
        location["logicalLocations"] = [{"name": finding.service, "fullyQualifiedName": f"services.{finding.service}"}]
    allowed = {"kind": "inSource", "justification": finding.allowed}
    return {
        "ruleId": finding.rule.id,
        "ruleIndex": RULES.index(finding.rule),
        "level": finding.severity.value,
        "message": {"text": f"{service}{finding.what}. {finding.rule.why} {finding.rule.fix}"},
        "locations": [location],
        "suppressions": [allowed] if finding.allowed else [],
    }


def _location(place: Place) -> dict[str, Any]:
    return {
        "artifactLocation": {"uri": _uri(place.file)},
        "region": {"startLine": place.line, "startColumn": place.column},
    }


def _uri(file: str) -> str:
    """An address that is relative where the file was named so."""
    path = Path(file)
    return path.as_uri() if path.is_absolute() else quote(path.as_posix().encode("utf-8", "surrogateescape"))
