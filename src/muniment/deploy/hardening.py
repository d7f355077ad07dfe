"""What every container is denied, and pieces of a compose file that several have."""

from typing import Any

from muniment.deploy.places import GROUP

DATA = "/var/lib/muniment"
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "ALL_PROXY", "NO_PROXY")
"""Docker's client gives these to every container, in capitals and small letters, where its own settings name a proxy,
with the password that may stand in them."""

_INIT_GRACE = "30s"
_GATEWAY_MODES = tuple(f"com.docker.network.bridge.gateway_mode_ipv{version}" for version in (4, 6))


def hardened(service: dict[str, Any], *, memory: int, processes: int) -> dict[str, Any]:
    """``service`` without privileges, and bounded.

    Args:
        memory: bytes.
        processes: processes and threads together.
    """
    return {
        **service,
        "environment": dict.fromkeys((*_PROXIES, *map(str.lower, _PROXIES)), "") | service.get("environment", {}),
        "read_only": True,
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges:true"],
        "pids_limit": processes,
        "mem_limit": memory,
        "memswap_limit": memory,  # documents are not swapped to a disk
        "ipc": "private",
        "init": True,
        "ulimits": {"core": 0},  # a dump would hold documents
        "restart": "unless-stopped",
        "stop_grace_period": _INIT_GRACE,
        "logging": {"driver": "json-file", "options": {"max-size": "10m", "max-file": "3"}},
    }


def health(test: list[str], *, start: int) -> dict[str, Any]:
    """A health check; in the first ``start`` seconds a failure does not count."""
    return {"test": test, "interval": "10s", "timeout": "8s", "retries": 4, "start_period": f"{start}s"}


def memory_volume(owner: int) -> dict[str, Any]:
    """A volume in memory for a socket, which its owner makes and its group may connect to."""
    options = f"size=1m,mode=0750,uid={owner},gid={GROUP},noexec,nosuid,nodev"
    return {"driver": "local", "driver_opts": {"type": "tmpfs", "device": "tmpfs", "o": options}}


def internal_network(*, isolated: bool) -> dict[str, Any]:
    """A network without a way out.

    Args:
        isolated: its containers do not reach this machine either, since the bridge gets no address. Engines that do
            not know it refuse the network, or take no notice.
    """
    made: dict[str, Any] = {"internal": True}
    return {**made, "driver_opts": dict.fromkeys(_GATEWAY_MODES, "isolated")} if isolated else made


def place_in(folder: str, target: str) -> dict[str, Any]:
    """A folder or file of this machine, for reading."""
    return {"type": "bind", "source": literal(folder), "target": target, "read_only": True}


def published(address: str, port: int | str, inside: int) -> str:
    """A port of this machine that leads into a container."""
    host = f"[{address}]" if ":" in address and not address.startswith("$") else address
    return f"{host}:{port}:{inside}"


def literal(text: str) -> str:
    """``text`` as compose files take it, in which a dollar begins a variable."""
    return text.replace("$", "$$")
