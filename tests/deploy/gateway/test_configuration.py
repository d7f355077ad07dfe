"""The configuration is one that nginx takes and a linter finds nothing in, and start.sh refuses what would be none."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deploy.gateway.running import FOLDER, folder, gateway, stand_in
from tests.deploy.gateway.starting import start
from tests.server.serving import until


@pytest.fixture
def place() -> Iterator[Path]:
    with folder() as made:
        yield made


def test_nginx_takes_it_without_a_warning(place: Path) -> None:
    done = start(place)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_linter_finds_nothing(place: Path) -> None:
    assert start(place).returncode == 0
    # It would have $host in the place of $http_host; but the service compares Host with Origin, and $host has no port.
    command = [sys.executable, "-m", "gixy", "--skips", "host_spoofing", str(place / "run" / "nginx.conf")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "No issues found" in done.stdout


def test_the_linter_reads_all_of_it(place: Path) -> None:
    assert start(place).returncode == 0
    with (place / "run" / "allowed.conf").open("a") as file:
        file.write("add_header X-Path $uri;\n")
    command = [sys.executable, "-m", "gixy", "--skips", "host_spoofing", str(place / "run" / "nginx.conf")]
    assert "http_splitting" in subprocess.run(command, capture_output=True, text=True).stdout


@pytest.mark.parametrize("servers", ["s.sock", "/run/a;b", "/run/a /run/$b", "/run/a\n/run/{", "/run/'"])
def test_a_socket_that_would_mean_something_in_the_configuration_is_refused(place: Path, servers: str) -> None:
    done = start(place, MUNIMENT_SERVERS=servers)
    assert done.returncode == 1
    assert done.stderr.startswith("gateway: MUNIMENT_SERVERS ")
    assert not (place / "run").exists()


def test_several_services_share_what_needs_nothing_kept(place: Path) -> None:
    assert start(place, MUNIMENT_SERVERS="/run/a.sock /run/b.sock").returncode == 0
    written = (place / "run" / "servers.conf").read_text()
    keeping, _, reading = written.partition("upstream reading")
    assert ("unix:/run/a.sock;" in keeping, "unix:/run/b.sock;" in keeping) == (True, False)
    assert "least_conn;" in reading
    assert ("unix:/run/a.sock;" in reading, "unix:/run/b.sock;" in reading) == (True, True)


def test_it_writes_to_its_folder_only() -> None:
    """Which a container's memory holds, while the rest of it is read-only."""
    with stand_in() as service, gateway(service.path) as running:
        running.raw(b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        opened = [path for pid in {running.process.pid, *running.workers()} for path in files_for_writing(pid)]
    beside = {path for path in opened if not path.startswith(("/dev/", "socket:", "pipe:", "anon_inode:"))}
    assert beside <= {str(running.log), str(running.errors), str(running.run / "nginx.pid")}


def files_for_writing(process: int) -> list[str]:
    """What a process has open to write to."""
    found = []
    for number in Path(f"/proc/{process}/fdinfo").iterdir():
        flags = next(line for line in number.read_text().splitlines() if line.startswith("flags:"))
        if int(flags.split()[1], 8) & os.O_ACCMODE != os.O_RDONLY:
            found.append(str(Path(f"/proc/{process}/fd/{number.name}").readlink()))
    return found


def test_health_is_the_way_to_the_service_and_back() -> None:
    with stand_in() as service, gateway(service.path) as running:
        script = running.run.parent / "configuration" / "health.sh"
        assert subprocess.run([script]).returncode == 0
        service.path.unlink()
        assert subprocess.run([script]).returncode == 1
        assert [line["route"] for line in running.logged(2)] == ["/health", "/health"]


def test_it_ends_on_the_signal_of_docker_stop() -> None:
    with stand_in() as service, gateway(service.path) as running:
        (line,) = [line for line in (FOLDER / "Dockerfile").read_text().splitlines() if line.startswith("STOPSIGNAL")]
        subprocess.run(["/bin/kill", "-s", line.split()[1].removeprefix("SIG"), str(running.process.pid)], check=True)
        assert until(lambda: None if running.process.poll() is None else (running.process.returncode,)) == (0,)
