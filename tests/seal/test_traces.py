"""What is left of what a container writes."""

import pytest

from muniment.seal.claims import Verdict
from muniment.seal.inspected import Inspected, inspected_from
from muniment.seal.probing import ProcessSeen
from muniment.seal.traces import changes, lasting_places, root_file_system
from tests.deploy.fake_docker import inspected
from tests.seal.test_kernel import MOUNTINFO


def container(*, read_only: bool = True) -> Inspected:
    told = inspected("server")
    told["HostConfig"] |= {"ReadonlyRootfs": read_only, "Tmpfs": {"/tmp": ""}}
    mount = {"Type": "volume", "Source": "x", "Destination": "/var/lib/muniment", "RW": True}
    return inspected_from(told | {"Mounts": [mount]})


def process(mounts: str | None) -> ProcessSeen:
    return ProcessSeen(pid=1, status="", command=(), environment=None, mounts=mounts, namespaces={})


def test_a_root_that_can_be_written_to() -> None:
    assert root_file_system(container()).verdict is Verdict.HOLDS
    assert root_file_system(container(read_only=False)).verdict is Verdict.BROKEN


@pytest.mark.parametrize(
    ("diff", "seen"),
    [
        ("", "none"),
        ("C /var\nC /var/lib\nA /var/lib/muniment\nA /tmp\nC /usr\nC /usr/sbin\nA /usr/sbin/docker-init\n", "none"),
        ("A /etc/cron.d/x\nC /etc\n", "/etc, /etc/cron.d/x"),
        ("A /tmp/page.png\n", "/tmp/page.png"),
    ],
)
def test_the_empty_places_of_mounts_are_no_changes(diff: str, seen: str) -> None:
    found = changes(container(), diff)
    assert (found.seen, found.verdict) == (seen, Verdict.HOLDS if seen == "none" else Verdict.BROKEN)


def test_what_lasts_is_allowed_where_it_is_meant() -> None:
    place = "/var/lib/muni ment"
    assert lasting_places("server", [process(MOUNTINFO)], [place]).verdict is Verdict.HOLDS
    found = lasting_places("engine-1", [process(MOUNTINFO)], [])
    assert (found.seen, found.verdict) == (place, Verdict.BROKEN)


def test_a_mount_of_any_process_counts() -> None:
    assert lasting_places("engine-1", [process(""), process(MOUNTINFO)], []).verdict is Verdict.BROKEN


def test_what_the_kernel_does_not_tell_proves_nothing() -> None:
    for processes in ([], [process(None)], [process("")]):
        assert lasting_places("engine-1", processes, []).verdict is Verdict.UNPROVEN
