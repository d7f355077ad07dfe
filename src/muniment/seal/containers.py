"""A deployment's containers and networks, as Docker tells of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from muniment.errors import DeployError
from muniment.seal.docker import Docker

PROJECT_LABEL = "com.docker.compose.project"
"""What Compose marks all that belongs to a project with."""
_SERVICE = "com.docker.compose.service"
_SHARED_MODES = ("NetworkMode", "PidMode", "IpcMode")


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """One container.

    Attributes:
        service: which of the deployment's parts it is.
        state: Docker's word: "running", "exited", "restarting", …
        health: "healthy", "starting", "unhealthy"; "" if it is not looked at.
        code: how it last ended.
        restarts: how often Docker started it again.
        networks: the names of those that it is on; none if it has only itself.
        ports: what is published, like "127.0.0.1:8001->8001/tcp".
        image: what it runs, by name; ``image_id`` what that was when it was made.
    """

    id: str
    service: str
    state: str
    health: str
    code: int
    restarts: int
    networks: tuple[str, ...]
    ports: tuple[str, ...]
    image: str
    image_id: str

    @property
    def standing(self) -> str:
        """In a word: its health while it runs, else its state. (One that has ended is "unhealthy" to Docker.)"""
        return self.health or self.state if self.state == "running" else self.state

    @property
    def is_well(self) -> bool:
        """Whether it runs, and its health check agrees."""
        return self.state == "running" and self.health in {"", "healthy"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """A network of the deployment; ``internal`` if Docker gives it no way out."""

    name: str
    internal: bool


def containers_of(docker: Docker, project: str) -> tuple[Container, ...]:
    """All containers of a project, those that have ended too, but not those that ran one command."""
    found = [container_from(told) for told in inspected_project(docker, project)]
    return tuple(sorted(found, key=lambda container: container.service))


def inspected_project(docker: Docker, project: str) -> Iterator[Any]:
    """All that Docker says of each of them."""
    listing = (
        *("ps", "--all", "--quiet", "--no-trunc"),
        *("--filter", f"label={PROJECT_LABEL}={project}", "--filter", "label=com.docker.compose.oneoff=False"),
    )
    return _inspected(docker, listing, "inspect")


def companions(docker: Docker, container: str, but: str) -> tuple[str, ...]:
    """The containers that run in a namespace of another's, by name.

    Args:
        container: the other's id.
        but: a label of those that do not count.
    """
    return tuple(
        str(told.get("Name", "?")).lstrip("/")
        for told in _inspected(docker, ("ps", "--quiet", "--no-trunc"), "inspect")
        if but not in (told["Config"].get("Labels") or {})
        and any(told["HostConfig"].get(mode) == f"container:{container}" for mode in _SHARED_MODES)
    )


def sharers(docker: Docker, volume: str) -> dict[str, str]:
    """The containers that have a volume, whether they run or not: their names by their ids."""
    listing = ("ps", "--all", "--no-trunc", "--filter", f"volume={volume}", "--format", "{{.ID}} {{.Names}}")
    pairs = (line.partition(" ") for line in docker.ask(*listing).splitlines())
    return {container: name for container, _, name in pairs}


def _inspected(docker: Docker, listing: tuple[str, ...], *inspect: str) -> Iterator[Any]:
    """What Docker says of each that it lists; one by one, as one that is gone meanwhile spoils the answer about all."""
    for one in docker.ask(*listing).split():
        try:
            yield docker.ask_json(*inspect, one)[0]
        except DeployError:
            if one in docker.ask(*listing).split():
                raise


def container_from(told: Any) -> Container:
    """What ``docker inspect`` says of one."""
    state = told["State"]
    settings = told["NetworkSettings"]
    published = settings.get("Ports") or {}
    # "none" is what Docker calls having none. What it was made with says nothing of what was joined since.
    joined = tuple(sorted(set(settings.get("Networks") or {}) - {"none"}))
    return Container(
        id=told["Id"],
        service=told["Config"]["Labels"][_SERVICE],
        state=state["Status"],
        health=(state.get("Health") or {}).get("Status", ""),
        code=state.get("ExitCode", 0),
        restarts=told.get("RestartCount", 0),
        networks=joined,
        ports=tuple(
            f"{_address(binding['HostIp'])}:{binding['HostPort']}->{inside}"
            for inside, bindings in sorted(published.items())
            for binding in bindings or ()
        ),
        image=told["Config"]["Image"],
        image_id=told["Image"],
    )


def _address(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def networks_of(docker: Docker, project: str) -> tuple[Network, ...]:
    """The project's networks."""
    listing = ("network", "ls", "--filter", f"label={PROJECT_LABEL}={project}", "--format", "{{.Name}}")
    found = [
        Network(name=told["Name"], internal=bool(told["Internal"]))
        for told in _inspected(docker, listing, "network", "inspect")
    ]
    return tuple(sorted(found, key=lambda network: network.name))
