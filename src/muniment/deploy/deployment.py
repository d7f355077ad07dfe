"""A deployment: bringing it up, taking it down, and what lies between."""

import ipaddress
import json
import socket
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from muniment.deploy import certificates, readiness
from muniment.deploy.building import see_to_image
from muniment.deploy.files import DeploymentFolder
from muniment.deploy.images import SERVER, images_of
from muniment.deploy.monitoring import setup
from muniment.deploy.monitoring.services import GRAFANA_ADDRESS, GRAFANA_IMAGE, GRAFANA_PORT, PROMETHEUS_IMAGE
from muniment.deploy.readiness import Readiness
from muniment.deploy.settings import Plan
from muniment.errors import DeployError, UsageError
from muniment.seal.containers import PROJECT_LABEL, Container, Network, containers_of, networks_of
from muniment.seal.docker import Docker, counting, run

Tell = Callable[[str], None]

_START_WITHIN = 3600.0
"""Seconds until a page must have been read: a large model from a slow disk takes its time, with graphs on top."""
_LAST_LINES = 5
_BRING_UP = "Bring it up first: muniment up."


class Deployment:
    """A deployment by its name, whether it runs or not."""

    def __init__(self, docker: Docker, folder: DeploymentFolder) -> None:
        self._docker = docker
        self.folder = folder

    @property
    def plan(self) -> Plan:
        """The plan that was last brought up. Raises DeployError if there is none."""
        return self.folder.load()

    def containers(self) -> tuple[Container, ...]:
        """All of its containers, as they stand. Raises DeployError."""
        return containers_of(self._docker, self.folder.project)

    def networks(self) -> tuple[Network, ...]:
        """Its networks. Raises DeployError."""
        return networks_of(self._docker, self.folder.project)

    def prepare(self, plan: Plan, tell: Tell) -> None:
        """See that its images are there, and that nobody else has its ports.

        Raises:
            DeployError: they are not to be had, or somebody has.
        """
        self._check_port(plan.address, plan.port, "Stop what uses it, or choose another with --port.")
        if plan.monitoring:
            setup.check_password(self.folder)
            self._check_port(GRAFANA_ADDRESS, GRAFANA_PORT, "Stop what uses it, or leave out --monitoring.")
        for image in images_of(plan):
            see_to_image(self._docker, image, plan.version, tell)
        if plan.monitoring:
            self._fetch((PROMETHEUS_IMAGE, GRAFANA_IMAGE), tell)

    def _fetch(self, images: Sequence[str], tell: Tell) -> None:
        """Get images that Muniment does not build."""
        for image in images:
            if not self._docker.has_image(image):
                step = f"Fetching {image}"
                tell(step)
                self._docker.pull(image, counting(step, tell))

    def holds(self, port: int) -> bool:
        """Whether one of its containers already has this port, at whatever address. Raises DeployError."""
        ours = {place.partition("->")[0] for container in self.containers() for place in container.ports}
        return any(place.endswith(f":{port}") for place in ours)

    def _check_port(self, address: str, port: int, remedy: str) -> None:
        if self.holds(port):
            return
        if problem := port_problem(address, port):
            is_ours = port_problem(address, 0) == ""  # any free port; where not even that, it is not the port
            raise DeployError(problem, remedy if is_ours else "Choose one of this machine's addresses with --address.")

    def has_keys(self, plan: Plan) -> bool:
        """Whether a key was ever made for its service. Raises DeployError."""
        volume = f"{plan.project}_data"
        if volume not in self._docker.ask("volume", "ls", "--quiet", "--filter", f"name={volume}").split():
            return False
        told = self._docker.ask(
            *("run", "--rm", "--network", "none", "--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL"),  # noqa: S108
            *("--volume", f"{volume}:/var/lib/muniment", f"{SERVER.name}:{plan.version}", "key", "list", "--json"),
        )
        with suppress(ValueError):
            return bool(json.loads(told))
        raise DeployError("The keys of the service cannot be listed", "See muniment logs.")

    def up(self, plan: Plan, tell: Tell) -> Readiness:
        """Bring it up as planned, and wait until a page was read.

        The plan is kept once Compose has brought it up: where Compose refuses, the one before still counts.

        Raises:
            DeployError: Docker refuses, or it does not come to reading.
            EvidenceError: the key that reports are signed with is damaged, or others can read it.
            OutputError: the plan cannot be written.
        """
        if plan.seal:
            self.folder.see_to_evidence()
        if plan.monitoring:
            setup.write(self.folder, plan)
        tell("Starting the containers")
        with self.folder.trying(plan):
            self._compose("up", "--detach", "--remove-orphans", "--no-build")
        self.folder.save(plan)
        if plan.tls:
            with suppress(DeployError):  # one that has just started has the new certificate already
                self._compose("kill", "-s", "HUP", "gateway")
        found = self.wait(plan, tell)
        self.folder.keep_images({container.service: container.image_id for container in self.containers()})
        if plan.monitoring or setup.has_key(self.folder):
            self._renew_key(plan)
        if plan.monitoring:
            self._compose("kill", "-s", "HUP", "prometheus")  # it may have run with other settings until now
        return found

    def _renew_key(self, plan: Plan) -> None:
        """Give Prometheus a key if keys are wanted, or none if it is not there itself; its last counts no more."""
        known = json.loads(self._in_server("key", "list", "--json") or "[]")
        if any(one["name"] == setup.KEY_NAME and one["state"] == "in force" for one in known):
            self._in_server("key", "revoke", setup.KEY_NAME)
        is_wanted = plan.monitoring and bool(known)
        setup.keep_key(self.folder, self._in_server("key", "add", setup.KEY_NAME).strip() if is_wanted else "")

    def _in_server(self, *arguments: str) -> str:
        """What a muniment command in the server's container says."""
        return self._docker.ask("exec", self._server().id, "muniment", *arguments)

    def wait(self, plan: Plan, tell: Tell) -> Readiness:
        """Wait until a page was read. Raises DeployError."""
        return readiness.wait(plan, self.containers, self._last_words, tell, _START_WITHIN)

    def down(self, *, erase: bool) -> None:
        """End and remove its containers and networks.

        Args:
            erase: its documents, keys and audit as well.

        Raises:
            DeployError: Docker refuses.
        """
        self._compose("down", "--remove-orphans", *(["--volumes"] if erase else []))
        if erase:
            self._remove_volumes()
            self.folder.remove()

    def _remove_volumes(self) -> None:
        """Those that an earlier plan had and the compose file no longer names, such as the monitoring's."""
        listing = ("volume", "ls", "--quiet", "--filter", f"label={PROJECT_LABEL}={self.folder.project}")
        if left := self._docker.ask(*listing).split():
            self._docker.ask("volume", "rm", *left)

    def restart(self, services: Sequence[str], tell: Tell) -> Readiness:
        """Restart some of its containers or all, and wait until a page was read.

        Raises:
            UsageError: it has no such service.
            DeployError: there is no such deployment, or it is down, or Docker refuses, or it does not come to reading.
        """
        self._check_services(services)
        self._check_containers()
        self._compose("restart", *services)
        return self.wait(self.plan, tell)

    def logs(self, services: Sequence[str], *, follow: bool, lines: int) -> int:
        """Show what containers log, on this process's own output; Compose's exit code.

        Raises:
            UsageError: it has no such service.
            DeployError: there is no such deployment, or it is down.
        """
        self.folder.check()
        if services:
            self._check_services(services)
        if not self.containers():
            raise DeployError("The deployment does not run, and its logs went with its containers", _BRING_UP)
        plain = [] if sys.stdout.isatty() else ["--no-color"]  # Compose 1 colours what goes into files too
        arguments = ["logs", f"--tail={lines}", *plain, *(["--follow"] if follow else []), *services]
        line = self._docker.compose_line(self.folder.project, self.folder.compose, *arguments)
        return subprocess.run(line, check=False).returncode  # noqa: S603

    def execute(self, arguments: Sequence[str]) -> int:
        """Run a muniment command in the server's container, on this process's own output; its exit code.

        Raises:
            DeployError: there is no such deployment, or its server does not run.
        """
        line = [self._docker.program, "exec", self._server().id, "muniment", *arguments]
        return subprocess.run(line, check=False).returncode  # noqa: S603

    def _server(self) -> Container:
        containers = self.containers()
        if not containers:
            self.folder.check()
        container = next((one for one in containers if one.service == "server"), None)
        if container is None or container.state != "running":
            raise DeployError("The deployment's server does not run", _BRING_UP)
        return container

    def _check_services(self, services: Sequence[str]) -> None:
        known = self.plan.services
        if unknown := [service for service in services if service not in known]:
            raise UsageError(f"The deployment has no service {unknown[0]}", f"It has {', '.join(known)}.")

    def _check_containers(self) -> None:
        """A service without a container is not to be restarted, nor is it worth waiting for."""
        there = {container.service for container in self.containers()}
        if missing := [service for service in self.plan.services if service not in there]:
            raise DeployError(
                f"The deployment does not run: there is no container of {', '.join(missing)}",
                _BRING_UP,
            )

    def _last_words(self, container: Container) -> str:
        told = run((self._docker.program, "logs", "--tail", str(_LAST_LINES), container.id), merged=True, within=60)
        return " / ".join(line.strip() for line in told.splitlines() if line.strip()) or "it says nothing"

    def _compose(self, *arguments: str) -> None:
        self.folder.check()
        self._docker.run_compose(self.folder.project, self.folder.compose, *arguments)


def port_problem(address: str, port: int) -> str:
    """Why a port of this machine cannot be listened on; "" if it can."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)  # as Docker does
            probe.bind((address, port))
    except PermissionError:
        return ""  # a low port; Docker may, whoever asks it
    except OSError as error:
        shown = f"[{address}]" if family == socket.AF_INET6 else address
        return f"{shown}:{port} cannot be listened on: {(error.strerror or 'refused').lower()}"
    return ""


def certify(folder: DeploymentFolder, address: str, given: tuple[Path, Path] | None) -> None:
    """See that the gateway has a certificate: the one that is given, or one of its own.

    Raises:
        DeployError, OutputError: it cannot be had, or kept.
    """
    if given is not None:
        certificates.give(folder, *given)
        return
    host = socket.gethostname()
    names = [host] if host.isascii() else []  # others cannot stand in a certificate
    if not ipaddress.ip_address(address).is_unspecified:
        names.append(address)
    certificates.see_to(folder, tuple(names))
