"""Muniment's own compose files have no errors and no warnings."""

from pathlib import Path

import pytest

from muniment.seal.lint import Severity, lint

_ROOT = Path(__file__).parents[3]
_FILES = [_ROOT / "compose.yaml", *sorted((_ROOT / "deploy/compose").glob("*.yaml"))]


@pytest.mark.parametrize("path", [pytest.param(path, id=path.relative_to(_ROOT).as_posix()) for path in _FILES])
def test_nothing_but_notes_is_found(path: Path) -> None:
    report = lint([path])
    assert not [one for one in report.findings if one.severity is not Severity.NOTE or one.allowed]


@pytest.mark.parametrize("path", [pytest.param(path, id=path.relative_to(_ROOT).as_posix()) for path in _FILES])
def test_only_the_gateway_and_what_shows_the_monitoring_reach_out(path: Path) -> None:
    out = {one.service for one in lint([path]).services if one.out in {"yes", "unknown"}}
    assert out == {"gateway", "grafana"}
