"""What each container of a compose file may, and above all what it may not."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from muniment.deploy.building import source_root
from muniment.deploy.compose import compose_file, document
from muniment.deploy.images import images_of
from muniment.deploy.settings import EngineKind, Plan, Seal, Topology
from tests.deploy.plans import ENGINE, PLAN, SIZE, plan_of
from tests.required import missing

_PLANS = [
    pytest.param(plan_of(kind, topology, replicas, tls=tls), id=f"{kind}-{topology}-{replicas}{'-tls' if tls else ''}")
    for kind, topology, replicas, tls in product(EngineKind, Topology, (1, 3), ("", "/state/tls"))
]
_ENGINES = [EngineKind.VLLM, EngineKind.VLLM_CPU]
Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the same, faster
every_plan = pytest.mark.parametrize("plan", _PLANS)
every_engine = pytest.mark.parametrize("kind", _ENGINES)
every_topology = pytest.mark.parametrize("topology", list(Topology))


def described(plan: Plan) -> dict[str, Any]:
    """What the file says; that it says just this is a test of its own."""
    return document(plan)


def behind(plan: Plan) -> dict[str, dict[str, Any]]:
    """All containers but the gateway."""
    return {name: service for name, service in described(plan)["services"].items() if name != "gateway"}


def options(command: list[str]) -> dict[str, str]:
    """Each option with what stands behind it; "" if that is another option."""
    following = [*command[1:], "--"]
    return {
        option: "" if value.startswith("--") else value
        for option, value in zip(command, following, strict=True)
        if option.startswith("--")
    }


def words(value: object) -> Iterator[str]:
    match value:
        case dict():
            for key, inner in value.items():
                yield from words(key)
                yield from words(inner)
        case list():
            for inner in value:
                yield from words(inner)
        case str():
            yield value


@every_plan
def test_the_containers_are_those_of_the_plan(plan: Plan) -> None:
    assert tuple(described(plan)["services"]) == plan.services


@every_plan
def test_every_container_is_hardened_and_bounded(plan: Plan) -> None:
    for service in described(plan)["services"].values():
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert 0 < service["pids_limit"] <= 4096
        assert 0 < service["mem_limit"] == service["memswap_limit"]
        assert service["ulimits"] == {"core": 0}
        assert service["logging"] == {"driver": "json-file", "options": {"max-size": "10m", "max-file": "3"}}
        assert service["restart"] == "unless-stopped"
        assert service["init"] is True
        assert service["healthcheck"]["test"][0] == "CMD"


@every_plan
def test_nothing_lends_a_container_the_machine(plan: Plan) -> None:
    lending = {
        *("privileged", "cap_add", "devices", "device_cgroup_rules", "pid", "userns_mode", "uts", "cgroup_parent"),
        *("volumes_from", "extra_hosts", "dns", "env_file", "links", "external_links", "sysctls", "user", "group_add"),
    }
    for service in described(plan)["services"].values():
        assert not lending & set(service)
        assert service["ipc"] == "private"
        assert service.get("network_mode", "none") == "none"
    assert not [word for word in words(described(plan)) if "docker.sock" in word]


_PROXIES = ("http_proxy", "https_proxy", "ftp_proxy", "all_proxy", "no_proxy")


@every_plan
def test_no_container_hears_of_a_proxy_from_the_settings_of_dockers_client(plan: Plan) -> None:
    for service in described(replace(plan, monitoring=True))["services"].values():
        told = {name: value for name, value in service["environment"].items() if "proxy" in name.lower()}
        assert told == dict.fromkeys([*_PROXIES, *map(str.upper, _PROXIES)], "")
        assert not [word for word in words({**service, "environment": {}}) if "proxy" in word.lower()]


def beside_proxies(service: dict[str, Any]) -> dict[str, str]:
    """The service's environment without what that test is about."""
    return {name: value for name, value in service["environment"].items() if "proxy" not in name.lower()}


@every_plan
def test_no_image_runs_as_root(plan: Plan) -> None:
    root = source_root()
    assert root is not None
    ran = {service["image"].partition(":")[0] for service in described(plan)["services"].values()}
    images = {image.name: image for image in images_of(plan)}
    assert ran <= set(images)
    for name in ran:
        lines = (root / images[name].dockerfile).read_text().splitlines()
        final = lines[max(number for number, line in enumerate(lines) if line.startswith("FROM ")) :]
        user = [line.split()[1] for line in final if line.startswith("USER ")][-1]
        assert int(user.partition(":")[0]) >= 10_000


@every_plan
def test_only_the_gateway_can_be_reached_and_has_a_network_with_a_way_out(plan: Plan) -> None:
    gateway = described(plan)["services"]["gateway"]
    assert gateway["ports"] == ["127.0.0.1:8001:8001"]
    assert "default" in gateway["networks"]
    for service in behind(plan).values():
        assert not {"ports", "expose"} & set(service)
        assert "default" not in service.get("networks", ())


@pytest.mark.parametrize("kind", list(EngineKind))
def test_in_the_airgap_nothing_behind_the_gateway_has_a_network(kind: EngineKind) -> None:
    plan = plan_of(kind, Topology.AIRGAP, 2)
    for service in behind(plan).values():
        assert service["network_mode"] == "none"
        assert "networks" not in service
    assert described(plan)["networks"] == {"default": {}}
    assert described(plan)["services"]["gateway"]["networks"] == ["default"]
    assert "--require-sandbox" in described(plan)["services"]["server"]["command"]


@pytest.mark.parametrize("kind", list(EngineKind))
def test_in_the_internal_topology_they_share_a_network_without_a_way_out(kind: EngineKind) -> None:
    plan = plan_of(kind, Topology.INTERNAL, 2)
    for service in behind(plan).values():
        assert service["networks"] == ["internal"]
        assert "network_mode" not in service
    assert described(plan)["networks"] == {"default": {}, "internal": {"internal": True}}
    assert described(plan)["services"]["gateway"]["networks"] == ["default", "internal"]


_ISOLATED = {
    "internal": True,
    "driver_opts": {
        "com.docker.network.bridge.gateway_mode_ipv4": "isolated",
        "com.docker.network.bridge.gateway_mode_ipv6": "isolated",
    },
}


@pytest.mark.parametrize("kind", list(EngineKind))
def test_where_docker_can_the_network_without_a_way_out_does_not_lead_to_this_machine_either(kind: EngineKind) -> None:
    plan = replace(plan_of(kind, Topology.INTERNAL, 2), isolated_gateway=True)
    assert described(plan)["networks"] == {"default": {}, "internal": _ISOLATED}
    assert described(replace(plan, isolated_gateway=False))["networks"]["internal"] == {"internal": True}


@every_topology
def test_nor_does_the_network_of_what_watches(topology: Topology) -> None:
    plan = replace(plan_of(EngineKind.VLLM, topology), monitoring=True, isolated_gateway=True)
    networks = described(plan)["networks"]
    assert networks.pop("default") == {}  # which the gateway's port is published on
    assert networks.pop("watching") == _ISOLATED
    assert set(networks) == ({"internal"} if topology is Topology.INTERNAL else set())


@every_topology
@every_engine
def test_an_engine_can_only_read_its_model(kind: EngineKind, topology: Topology) -> None:
    plan = plan_of(kind, topology)
    engine = described(plan)["services"]["engine-1"]
    binds = [volume for volume in engine["volumes"] if volume["type"] == "bind"]
    assert binds == [{"type": "bind", "source": ENGINE.folder, "target": "/models/served", "read_only": True}]


@every_topology
def test_what_is_not_an_engine_sees_no_folder_of_the_machine_but_the_certificate_and_evidence(
    topology: Topology,
) -> None:
    services = described(plan_of(EngineKind.VLLM, topology, tls="/state/tls"))["services"]
    assert [volume for volume in services["server"]["volumes"] if volume["type"] != "volume"] == [
        {"type": "bind", "source": "./evidence", "target": "/etc/muniment/evidence", "read_only": True},
        {
            "type": "bind",
            "source": "./evidence-public-key.pem",
            "target": "/etc/muniment/evidence-public-key.pem",
            "read_only": True,
        },
    ]
    assert [volume for volume in services["gateway"]["volumes"] if volume["type"] == "bind"] == [
        {"type": "bind", "source": "/state/tls", "target": "/etc/muniment/tls", "read_only": True}
    ]
    assert beside_proxies(services["gateway"]) == {"MUNIMENT_TLS": "/etc/muniment/tls"}


@every_topology
@pytest.mark.parametrize("seal", list(Seal))
def test_the_server_is_told_what_to_make_of_the_seal_and_of_what(topology: Topology, seal: Seal) -> None:
    plan = replace(plan_of(EngineKind.VLLM, topology), project="deeds", seal=seal)
    told = options(described(plan)["services"]["server"]["command"])
    assert told["--seal"] == seal.value
    assert (told["--evidence"], told["--evidence-key"], told["--deployment"]) == (
        "/etc/muniment/evidence",
        "/etc/muniment/evidence-public-key.pem",
        "deeds",
    )
    assert ("--airgap" in told) is (topology is Topology.AIRGAP), "only there it has no network"


def test_a_server_that_is_handed_no_evidence_claims_nothing_and_sees_no_folder() -> None:
    server = described(replace(PLAN, seal=None))["services"]["server"]
    assert not {"--seal", "--evidence", "--airgap"} & set(server["command"])
    assert {volume["type"] for volume in server["volumes"]} == {"volume"}


def test_without_tls_the_gateway_sees_no_folder_at_all() -> None:
    gateway = described(PLAN)["services"]["gateway"]
    assert [volume["type"] for volume in gateway["volumes"]] == ["volume"]
    assert not beside_proxies(gateway)


@every_topology
@every_engine
def test_an_engine_has_every_flag_that_seals_it(kind: EngineKind, topology: Topology) -> None:
    command = described(plan_of(kind, topology))["services"]["engine-1"]["command"]
    told = options(command)
    assert told["--model"] == "/models/served"
    assert told["--served-model-name"] == ENGINE.model
    assert told["--load-format"] == "safetensors"
    assert told["--allowed-media-domains"] == "none.invalid"
    assert told["--allowed-local-media-path"] == ""
    assert told["--limit-mm-per-prompt"] == '{"image": 1, "video": 0, "audio": 0}'
    assert told["--mm-processor-cache-type"] == "lru"
    assert told["--fingerprint-mode"] == "none"
    flags = {"--no-trust-remote-code", "--no-enable-log-requests", "--no-enable-log-outputs"}
    assert {*flags, "--disable-uvicorn-access-log"} <= set(command)
    assert "--trust-remote-code" not in command
    assert "--api-key" not in command


@every_topology
@every_engine
def test_an_engine_has_every_variable_that_seals_it_and_no_other_of_this_machine(
    kind: EngineKind, topology: Topology, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "7")
    monkeypatch.setenv("HF_TOKEN", "secret")
    environment = described(plan_of(kind, topology))["services"]["engine-1"]["environment"]
    sealing = {
        "HF_HUB_OFFLINE": "1",
        "TRANSFORMERS_OFFLINE": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "VLLM_NO_USAGE_STATS": "1",
        "DO_NOT_TRACK": "1",
        "VLLM_MEDIA_URL_ALLOW_REDIRECTS": "0",
        "VLLM_HOST_IP": "127.0.0.1",
        "VLLM_LOGGING_CONFIG_PATH": "/opt/gate/logging.json",  # in the image
    }
    assert sealing.items() <= environment.items()
    assert not {"CUDA_VISIBLE_DEVICES", "HF_TOKEN", "VLLM_SERVER_DEV_MODE", "PATH"} & set(environment)
    places = environment.items() - sealing.items()
    written = {name: value for name, value in places if name.endswith(("_ROOT", "_DIR", "_HOME", "_PATH"))}
    assert {"VLLM_CACHE_ROOT", "TRITON_CACHE_DIR", "TORCHINDUCTOR_CACHE_DIR", "HF_HOME"} <= set(written)
    assert all(value.startswith("/tmp") for value in written.values())  # in memory, and its own


def test_in_the_airgap_an_engine_listens_on_a_socket_only() -> None:
    services = described(plan_of(EngineKind.VLLM, Topology.AIRGAP, 2))["services"]
    for name in ("engine-1", "engine-2"):
        told = options(services[name]["command"])
        assert told["--uds"] == f"/run/muniment/{name}/api.sock"
        assert not {"--host", "--port"} & set(told)
        assert {"type": "volume", "source": f"{name}-socket", "target": f"/run/muniment/{name}"} in (
            services[name]["volumes"]
        )
        others = {volume["source"] for volume in services[name]["volumes"] if volume["type"] == "volume"}
        assert others == {f"{name}-socket"}
        assert f"unix:/run/muniment/{name}/api.sock" in services["server"]["command"]


def test_in_the_internal_topology_an_engine_listens_on_its_network_only() -> None:
    services = described(plan_of(EngineKind.VLLM, Topology.INTERNAL))["services"]
    told = options(services["engine-1"]["command"])
    assert (told["--host"], told["--port"]) == ("0.0.0.0", "8000")
    assert "--uds" not in told
    assert "http://engine-1:8000/v1" in services["server"]["command"]


def test_sockets_lie_in_memory_and_belong_to_who_makes_them() -> None:
    volumes = described(plan_of(EngineKind.VLLM, Topology.AIRGAP, 2))["volumes"]
    assert set(volumes) == {"data", "server-socket", "engine-1-socket", "engine-2-socket"}
    for name, owner in (("server-socket", 10_001), ("engine-1-socket", 10_003), ("engine-2-socket", 10_003)):
        told = volumes[name]["driver_opts"]
        assert (told["type"], told["o"]) == (
            "tmpfs",
            f"size=1m,mode=0750,uid={owner},gid=10000,noexec,nosuid,nodev",
        )


def test_each_engine_has_its_gpu_and_the_size_that_was_planned() -> None:
    services = described(plan_of(EngineKind.VLLM, Topology.AIRGAP, 2))["services"]
    for name, number in (("engine-1", "0"), ("engine-2", "1")):
        devices = services[name]["deploy"]["resources"]["reservations"]["devices"]
        assert devices == [{"driver": "nvidia", "device_ids": [number], "capabilities": ["gpu"]}]
        told = options(services[name]["command"])
        assert told["--max-model-len"] == "20480"
        assert told["--max-num-seqs"] == "64"
        assert told["--gpu-memory-utilization"] == "0.9"
        assert "--enforce-eager" not in told


def test_an_engine_on_the_processor_has_no_gpu_and_runs_another_image() -> None:
    engine = described(plan_of(EngineKind.VLLM_CPU, Topology.AIRGAP))["services"]["engine-1"]
    assert "deploy" not in engine
    assert engine["image"] == "localhost/muniment/engine-cpu:1.2.3"
    assert engine["environment"]["VLLM_CPU_KVCACHE_SPACE"] == "1"


def test_an_engine_that_is_stopped_ends_before_it_is_killed() -> None:
    engine = described(PLAN)["services"]["engine-1"]
    assert (
        0 < int(options(engine["command"])["--shutdown-timeout"]) < int(engine["stop_grace_period"].removesuffix("s"))
    )


def test_an_eager_engine_with_the_models_own_context() -> None:
    eager = replace(ENGINE, size=replace(SIZE, eager=True, context=0, memory_share=0.0))
    told = options(described(replace(PLAN, engines=(eager,)))["services"]["engine-1"]["command"])
    assert "--enforce-eager" in told
    assert told["--max-model-len"] == "auto"
    assert "--gpu-memory-utilization" not in told


def test_the_embedded_engine_is_asked_by_no_profile() -> None:
    command = described(plan_of(EngineKind.EMBEDDED, Topology.AIRGAP))["services"]["server"]["command"]
    assert not {"--engine", "--profile"} & set(command)


@pytest.mark.parametrize(
    ("address", "ports"),
    [("0.0.0.0", "0.0.0.0:8443:8001"), ("::", "[::]:8443:8001"), ("192.168.1.5", "192.168.1.5:8443:8001")],
)
def test_the_gateway_is_published_where_the_plan_says(address: str, ports: str) -> None:
    assert described(replace(PLAN, address=address, port=8443))["services"]["gateway"]["ports"] == [ports]


@every_plan
def test_the_file_says_what_is_described(plan: Plan) -> None:
    assert yaml.load(compose_file(plan), Loader) == document(plan)


@every_plan
def test_the_same_plan_gives_the_same_bytes(plan: Plan) -> None:
    assert compose_file(plan) == compose_file(replace(plan))
    assert "&id" not in compose_file(plan)


@example(name="a\nb", folder="\u2028", profile="\x85")
@given(
    name=st.text(st.characters(codec="utf-8"), min_size=1),
    folder=st.text(st.characters(codec="utf-8", exclude_characters="\0")),
    profile=st.text(st.characters(codec="utf-8"), min_size=1),
)
def test_whatever_things_are_called_is_what_containers_get(name: str, folder: str, profile: str) -> None:
    engine = replace(ENGINE, model=name, folder=f"/srv/{folder}")
    plan = replace(PLAN, engines=(engine,), profile=profile, tls=f"/state/{folder}")
    found = yaml.load(compose_file(plan), Loader)
    assert found == document(plan)
    command = [argument.replace("$$", "$") for argument in found["services"]["engine-1"]["command"]]
    assert command[command.index("--served-model-name") + 1] == name
    assert found["services"]["engine-1"]["volumes"][0]["source"].replace("$$", "$") == f"/srv/{folder}"
    assert found["services"]["gateway"]["volumes"][1]["source"].replace("$$", "$") == f"/state/{folder}"
    command = [argument.replace("$$", "$") for argument in found["services"]["server"]["command"]]
    assert command[command.index("--profile") + 1] == profile


@pytest.mark.parametrize("name", ["1e3", "0o17", "1_000", ".5", "-1", "+.inf", "12:30:00", "2026-01-01", "0x1F"])
def test_names_that_another_yaml_takes_for_numbers_stand_in_quotes(name: str) -> None:
    told = compose_file(replace(PLAN, engines=(replace(ENGINE, model=name),)))
    assert f'- "{name}"\n' in told or f"- '{name}'\n" in told


_NAMES = ["no", "1e3", "null", "a: b", "it's", 'so "so"', "$HOME ${X} $$", "#1", "漢字 ✓", "{a}", "- x", "%d", "a\\b"]


@every_topology
@pytest.mark.parametrize("tls", ["", "/state/a $b: 'c'/tls"])
def test_compose_1_29_understands_all_of_it(topology: Topology, tls: str, tmp_path: Path) -> None:
    compose = shutil.which("docker-compose") or missing("docker", "docker-compose is not installed")
    engines = tuple(
        replace(ENGINE, service=f"engine-{number}", model=name, folder=f"/srv/{name}")
        for number, name in enumerate(_NAMES, start=1)
    )
    plan = replace(PLAN, topology=topology, engines=engines, tls=tls, profile="a$b")
    file = tmp_path / "compose.yaml"
    file.write_text(compose_file(plan), encoding="utf-8")
    done = subprocess.run(
        [compose, "-p", "deeds", "-f", str(file), "config"], capture_output=True, encoding="utf-8", check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    services = yaml.safe_load(done.stdout)["services"]
    for engine in engines:
        found = services[engine.service]
        command = [argument.replace("$$", "$") for argument in found["command"]]
        assert command[command.index("--served-model-name") + 1] == engine.model
        assert found["volumes"][0]["source"].replace("$$", "$") == engine.folder
        assert found["read_only"] is True
        assert found["cap_drop"] == ["ALL"]


def test_the_server_is_made_anew_when_an_engine_at_the_same_address_gets_another_model() -> None:
    before = plan_of(EngineKind.VLLM, Topology.AIRGAP)
    after = replace(before, engines=(replace(before.engines[0], model="deeds"),))
    assert document(before)["services"]["server"] != document(after)["services"]["server"]


def test_the_server_is_made_after_the_engines_so_that_it_asks_none_that_is_about_to_go() -> None:
    services = described(plan_of(EngineKind.VLLM, Topology.AIRGAP, 2))["services"]
    assert services["server"]["depends_on"] == ["engine-1", "engine-2"]


def test_what_an_engine_says_of_single_requests_is_not_kept() -> None:
    """It quotes them: a schema that a client sends, say."""
    root = source_root()
    assert root is not None
    loggers = json.loads((root / "deploy/engine/logging.json").read_text(encoding="utf-8"))["loggers"]
    assert loggers["vllm.entrypoints"]["level"] == loggers["uvicorn"]["level"] == "CRITICAL"
