"""Looks at compose files without running them: what can reach out, and what seals nothing."""

from muniment.seal.lint.linting import lint
from muniment.seal.lint.report import Finding, Report, Standing
from muniment.seal.lint.rule import Rule, Severity
from muniment.seal.lint.rules import RULES
from muniment.seal.lint.sarif import as_sarif

__all__ = ["RULES", "Finding", "Report", "Rule", "Severity", "Standing", "as_sarif", "lint"]
