"""Paths of this machine by which containers are ruled: sockets that make them, and folders in which those lie."""

import posixpath
import re

_SOCKETS = ("docker.sock", "podman.sock", "containerd.sock", "crio.sock", "cri-dockerd.sock")
_ABOVE_SOCKETS = re.compile(r"/((var/)?run(/(docker|docker/containerd|containerd|podman|crio))?)?")


def plain(path: str) -> str:
    """An absolute path in its shortest spelling: "//run/." is "/run". Others stay as they are."""
    return "/" + posixpath.normpath(path).lstrip("/") if path.startswith("/") else path


def rules_containers(path: str) -> bool:
    """Whether what has ``path`` can have containers made.

    Reading suffices: a socket answers through a read-only mount.
    """
    return path.endswith(_SOCKETS) or _ABOVE_SOCKETS.fullmatch(plain(path)) is not None
