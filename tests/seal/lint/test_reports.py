"""What is found as JSON and as SARIF."""

from pathlib import Path
from typing import Any

import pytest

from muniment.seal.lint import RULES, Report, as_sarif, lint
from tests.seal.lint.cases import FILES


def report_of(*names: str) -> Report:
    return lint([FILES / name for name in names])


def run_of(report: Report) -> dict[str, Any]:
    log = as_sarif(report, "1.2.3")
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    assert isinstance(run, dict)
    return run


def test_json_holds_every_finding_and_what_every_service_reaches() -> None:
    report = report_of("original-gateway-loses-its-port.yaml")
    made = report.as_json()
    (dropped,) = (one for one in made["findings"] if one["rule"] == "published-port-dropped")
    file = str(FILES / "original-gateway-loses-its-port.yaml")
    assert {key: dropped[key] for key in ("severity", "file", "line", "column", "service", "allowed")} == {
        "severity": "error",
        "file": file,
        "line": 12,
        "column": 9,
        "service": "gateway",
        "allowed": None,
    }
    assert all(dropped[key] for key in ("what", "why", "fix"))
    gateway = made["services"][1]
    assert {key: gateway[key] for key in ("service", "engine", "profiles", "networks", "published", "reaches_out")} == {
        "service": "gateway",
        "engine": None,
        "profiles": [],
        "networks": ["muniment-internal"],
        "published": [],
        "reaches_out": "indirect",
    }
    assert [path["way"] for path in gateway["paths"]] == ["machine"]
    assert made["services"][0]["engine"] == "vLLM"
    assert made["services"][2]["profiles"] == ["download"]
    assert made["files"] == [file]
    assert sum(made["counts"].values()) == len(made["findings"])


def test_a_hop_names_every_service_on_the_way() -> None:
    services = {one["service"]: one for one in report_of("sealed.yaml").as_json()["services"]}
    (path,) = services["engine"]["paths"]
    assert path["way"] == "hop"
    assert path["what"] == (
        "only through server (volume engine-socket), then gateway (volume server-socket) to network front"
    )


def test_sarif_has_what_the_standard_requires() -> None:
    run = run_of(report_of("original-well.yaml"))
    driver = run["tool"]["driver"]
    assert driver["name"]
    assert [rule["id"] for rule in driver["rules"]] == [rule.id for rule in RULES]
    assert run["results"]
    for result in run["results"]:
        assert driver["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] in {"error", "warning", "note"}
        assert result["message"]["text"]
        (location,) = result["locations"]
        region = location["physicalLocation"]["region"]
        assert region["startLine"] >= 1
        assert region["startColumn"] >= 1


def test_sarif_tells_what_is_allowed_and_why() -> None:
    results = run_of(report_of("allowed.yaml"))["results"]
    allowed = {
        (result["ruleId"], suppression["kind"], suppression["justification"])
        for result in results
        for suppression in result["suppressions"]
    }
    assert ("port-on-all-addresses", "inSource", "the front door") in allowed
    assert len(allowed) == 5
    assert [result for result in results if not result["suppressions"]]


def test_sarif_names_the_service() -> None:
    (result,) = (one for one in run_of(report_of("privileged.yaml"))["results"] if one["ruleId"] == "privileged")
    (location,) = result["locations"]
    assert location["logicalLocations"] == [{"name": "a", "fullyQualifiedName": "services.a"}]


@pytest.mark.parametrize(
    ("name", "address"), [("a b#c%.yaml", "a%20b%23c%25.yaml"), ("ü.yaml", "%C3%BC.yaml"), ("\udcff.yaml", "%FF.yaml")]
)
def test_sarif_names_files_by_addresses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, address: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(name).write_text("services:\n  a:\n    image: nginx\n")
    run = run_of(lint([Path(name)]))
    assert run["artifacts"][0]["location"]["uri"] == address
    absolute = run_of(lint([tmp_path / name]))
    assert absolute["artifacts"][0]["location"]["uri"] == f"{tmp_path.as_uri()}/{address}"
