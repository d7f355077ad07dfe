"""Files are put together as Compose itself does it."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import yaml

from muniment.seal.lint.project import load
from muniment.seal.lint.services import Service
from tests.required import missing

_WAYS = [
    (("[i]", "[o]"), ("[A=1, B=2]", "[A=3, C]")),
    (("{i: {aliases: [q]}}", "{o: {}, i: {}}"), ("{A: 1, B: 2}", "{A: 3, C: }")),
    (("[i]", "{o: {}}"), ("[A=1, B=2]", "{A: 3}")),
    (("{i: {}}", "[o, p]"), ("{A: 1, B: }", "[A=3, B=]")),
]
"""Networks and environments of a service, in one file and in the other."""
_BASE = """\
  {name}:
    image: nginx:1
    networks: {networks}
    ports: ["80:80", "127.0.0.1:81:81"]
    volumes: ["/a:/x", "d:/y", "/anonymous"]
    environment: {environment}
    cap_add: [SYS_ADMIN]
    read_only: true
    command: one two
    dns: 192.0.2.1
    privileged: true
"""
_BASE_ENDS = """\
  extending:
    extends: {service: extended}
    environment: {A: 1}
    volumes: ["/b:/x:ro"]
  extended:
    image: nginx:1
    environment: [A=0, B=0]
    volumes: ["/c:/x", "/c:/y"]
    cap_add: [NET_ADMIN]
networks: {i: {internal: true}, o: {}}
volumes: {d: {}}
"""
_OVER = """\
  {name}:
    networks: {networks}
    ports: ["80:80", "82:82"]
    volumes: ["/b:/x:ro", "e:/z"]
    environment: {environment}
    cap_add: [SYS_ADMIN, NET_ADMIN]
    image: ${{IMAGE:-other:2}}
    read_only: false
    command: [three]
    dns: [192.0.2.2]
    privileged: false
"""
_OVER_ENDS = """\
  alone: {image: "d:${TAG:-1}$$", network_mode: none}
networks: {p: {external: true}}
volumes: {e: {}}
"""


def test_two_files_give_what_compose_makes_of_them(tmp_path: Path) -> None:
    paths = [tmp_path / "a.yaml", tmp_path / "b.yaml"]
    for number, (path, text, ends) in enumerate(zip(paths, (_BASE, _OVER), (_BASE_ENDS, _OVER_ENDS), strict=True)):
        services = [
            text.format(name=f"way-{way}", networks=networks[number], environment=environments[number])
            for way, (networks, environments) in enumerate(_WAYS)
        ]
        path.write_text(f'version: "2.4"\nservices:\n{"".join(services)}{ends}')
    theirs = composed(paths)["services"]
    ours = load(paths).services
    assert set(theirs) == set(ours)
    for name, service in ours.items():
        assert as_compose_shows(service) == of_compose(theirs[name])


def composed(paths: list[Path]) -> dict[str, Any]:
    compose = shutil.which("docker-compose") or missing("docker", "docker-compose is not installed")
    named = [word for path in paths for word in ("-f", str(path))]
    bare = {"PATH": os.environ["PATH"], "HOME": str(paths[0].parent)}
    done = subprocess.run([compose, *named, "config"], capture_output=True, encoding="utf-8", check=True, env=bare)
    made = yaml.safe_load(done.stdout)
    assert isinstance(made, dict)
    return made


def of_compose(service: dict[str, Any]) -> dict[str, object]:
    mode = service.get("network_mode", "")
    command = service.get("command") or []
    return {
        "image": service["image"].replace("$$", "$"),
        "networks": set(service.get("networks", {"default"} if not mode else ())),
        "network_mode": mode,
        "ports": len(service.get("ports", ())),
        "volumes": len(service.get("volumes", ())),
        "environment": {
            key: None if value is None else str(value) for key, value in service.get("environment", {}).items()
        },
        "cap_add": set(service.get("cap_add", ())),
        "dns": service.get("dns", []),
        "command": command.split() if isinstance(command, str) else command,
        "read_only": service.get("read_only", False),
        "privileged": service.get("privileged", False),
    }


def as_compose_shows(service: Service) -> dict[str, object]:
    def is_true(key: str) -> bool:
        found = service.scalar(key)
        return found is not None and found.is_true

    image = service.scalar("image")
    return {
        "image": image.text if image else "",
        "networks": set(service.networks),
        "network_mode": service.network_mode,
        "ports": len(service.ports),
        "volumes": len(service.mounts),
        "environment": {key: variable.text for key, variable in service.environment.items()},
        "cap_add": {one.text for one in service.texts("cap_add")},
        "dns": [one.text for one in service.texts("dns")],
        "command": [word.text for word in service.words],
        "read_only": is_true("read_only"),
        "privileged": is_true("privileged"),
    }
