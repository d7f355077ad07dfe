"""The compose files are as the Compose Specification has them, which Compose's newer generation goes by."""

import json
from dataclasses import replace
from importlib import resources
from itertools import product
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from muniment.deploy.compose import compose_file
from muniment.deploy.settings import EngineKind, Plan, Topology
from tests.deploy.plans import PLAN, plan_of
from tools.make_compose import generated

_PLANS = [
    pytest.param(
        replace(plan_of(kind, topology, 2, tls=tls), monitoring=monitoring, isolated_gateway=isolated),
        id=f"{kind}-{topology}{'-tls' if tls else ''}{'-monitoring' if monitoring else ''}"
        f"{'-isolated' if isolated else ''}",
    )
    for kind, topology, tls, monitoring, isolated in product(
        EngineKind, Topology, ("", "/state/tls"), (False, True), (False, True)
    )
]
_FILES = {name: text for name, text in generated().items() if "services:" in text}


@pytest.fixture(scope="module")
def specification() -> Draft202012Validator:
    """The specification's own schema, as check-jsonschema ships it."""
    schema = resources.files("check_jsonschema") / "builtin_schemas" / "vendor" / "compose-spec.json"
    return Draft202012Validator(json.loads(schema.read_text(encoding="utf-8")))


def faults(specification: Draft202012Validator, text: str) -> list[str]:
    """Where the file is not as the specification has it, and why."""
    return [f"{error.json_path}: {error.message}" for error in specification.iter_errors(yaml.safe_load(text))]


@pytest.mark.parametrize("plan", _PLANS)
def test_what_is_rendered_is_as_specified(specification: Draft202012Validator, plan: Plan) -> None:
    assert not faults(specification, compose_file(plan))


@pytest.mark.parametrize("name", _FILES)
def test_the_repositorys_files_are_as_specified(specification: Draft202012Validator, name: str) -> None:
    assert not faults(specification, _FILES[name])


@pytest.mark.parametrize(
    ("service", "wrong", "told"),
    [
        ("gateway", {"readonly": True}, "'readonly' was unexpected"),
        ("server", {"pids_limit": [512]}, "$.services.server.pids_limit: [512] is not of type"),
        (
            "engine-1",
            {"deploy": {"resources": {"reservations": {"devices": [{"device_ids": ["0"]}]}}}},
            "'capabilities' is a required property",
        ),
    ],
)
def test_what_is_not_as_specified_is_found(
    specification: Draft202012Validator, service: str, wrong: dict[str, Any], told: str
) -> None:
    made = yaml.safe_load(compose_file(PLAN))
    made["services"][service] |= wrong
    assert [fault for fault in faults(specification, yaml.safe_dump(made)) if told in fault]
