"""The whole stack without networks: nginx, the service and a real vLLM, each in a container, joined by sockets."""

import base64
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import PurePosixPath

import httpx
import pytest

from examples.drawing import Fonts
from tests.acceptance import marked
from tests.acceptance.containers.deployed import Deployed
from tests.acceptance.containers.documents import done_pages, finished, hand_in
from tests.acceptance.containers.outside import Outside
from tests.acceptance.marked import MARKER, Sender, headers_with, holds
from tests.acceptance.serving import PATIENCE
from tests.acceptance.slips import MISREAD, Slips, halved, misread, scan
from tests.reading_model import Slip
from tests.server.asking import question, url
from tests.server.serving import until

pytestmark = pytest.mark.acceptance

SEALED = ("server", "engine-1")
INTERFACES = "import socket; print(sorted(name for _, name in socket.if_nameindex()))"


class TestReading:
    def test_a_chat_is_read(self, airgapped: Deployed, slips: Slips) -> None:
        with airgapped.client() as client:
            answer = client.post("/v1/chat/completions", json=question("tiny", url(halved(slips.note))))
        assert misread(slips.note, answer.json()["choices"][0]["message"]["content"]) <= MISREAD

    def test_a_stream_comes_piece_by_piece(self, airgapped: Deployed, slips: Slips) -> None:
        asked = question("tiny", url(halved(slips.note))) | {"stream": True}
        with airgapped.client() as client, client.stream("POST", "/v1/chat/completions", json=asked) as answer:
            told = [line.removeprefix("data: ") for line in answer.iter_lines() if line.startswith("data: ")]
        assert told[-1] == "[DONE]"
        deltas = [json.loads(one)["choices"][0]["delta"].get("content") or "" for one in told[:-1]]
        assert len([delta for delta in deltas if delta]) > 10
        assert misread(slips.note, "".join(deltas)) <= MISREAD

    def test_a_document_is_read_page_by_page(self, airgapped: Deployed, slips: Slips) -> None:
        shown = [slips.note, slips.boxes]
        with airgapped.client() as client:
            job = hand_in(client, scan(*shown))
            assert "event: finished" in client.get(f"{job}/events").text
            text = client.get(f"{job}/result", params={"format": "md"}).text
        assert misread(Slip(b"", "\n\n".join(slip.text for slip in shown)), text) <= MISREAD


class TestContainers:
    def test_none_has_rights_that_it_does_not_need(self, airgapped: Deployed) -> None:
        for service in ("gateway", *SEALED):
            told = airgapped.inspected(service)
            host = told["HostConfig"]
            assert host["ReadonlyRootfs"] is True
            assert host["CapDrop"] == ["ALL"]
            assert not host["Privileged"]
            assert not host["CapAdd"]
            assert "no-new-privileges:true" in host["SecurityOpt"]
            assert host["PidsLimit"] > 0
            assert host["Memory"] > 0
            assert told["Config"]["User"].split(":")[0] not in {"", "0", "root"}
            assert not any("docker.sock" in mount["Source"] for mount in told["Mounts"])

    def test_only_the_gateway_has_a_network_and_a_port(self, airgapped: Deployed) -> None:
        for service in SEALED:
            told = airgapped.inspected(service)
            assert told["HostConfig"]["NetworkMode"] == "none"
            assert not told["NetworkSettings"]["Ports"]
        ports = airgapped.inspected("gateway")["NetworkSettings"]["Ports"]
        assert ports == {"8001/tcp": [{"HostIp": "127.0.0.1", "HostPort": str(airgapped.port)}]}

    @pytest.mark.parametrize("service", SEALED)
    def test_nothing_leads_out_of_the_sealed_ones(self, airgapped: Deployed, service: str, outside: Outside) -> None:
        assert airgapped.execute(service, "python3", "-c", INTERFACES).stdout.strip() == "['lo']"
        assert outside.reached_from(airgapped, service) == "ENETUNREACH"
        assert outside.reached_on(airgapped, f"{airgapped.project}_default") == "connected", "the control"

    def test_the_engine_cannot_write_to_its_model(self, airgapped: Deployed) -> None:
        owner = ("exec", "--user", "0", airgapped.container("engine-1"))
        tried = airgapped.machine.docker_run(*owner, "touch", "/models/served/config.json")
        assert "Read-only file system" in tried.stderr

    def test_status_tells_all_of_it(self, airgapped: Deployed) -> None:
        done = airgapped.muniment("status", "--json")
        assert done.returncode == 0, done.stdout
        told = json.loads(done.stdout)
        assert (told["well"], told["models"], told["canary"]["ready"]) == (True, ["tiny"], True)
        assert told["seal"] == "unproven"
        assert {one["service"]: one["networks"] for one in told["services"]} == {
            "engine-1": [],
            "gateway": [f"{airgapped.project}_default"],
            "server": [],
        }


def test_the_seal_is_proven(airgapped: Deployed) -> None:
    done = airgapped.muniment("verify", "--verbose")
    assert done.returncode == 0, done.stdout
    assert "holds     verified-model" in done.stdout


class TestUnderLoad:
    @pytest.mark.parametrize("service", ["gateway", "server", "engine-1"])
    def test_a_restart_loses_no_page(self, airgapped: Deployed, slips: Slips, service: str) -> None:
        shown = [slips.note, slips.boxes] * 6
        with airgapped.client() as client:
            jobs = [hand_in(client, scan(*shown)) for _ in range(2)]
            until(lambda: done_pages(client, jobs[0]) or None, PATIENCE)
            restarted = airgapped.muniment("restart", service)
            assert restarted.returncode == 0, restarted.stderr
            for job in jobs:
                told = until(partial(finished, client, job), PATIENCE)
                assert (told["state"], told["pages"]["failed"]) == ("done", [])
                pages = client.get(f"{job}/result", params={"format": "json"}).json()["pages"]
                assert [page["status"] for page in pages] == ["read"] * len(shown)
                client.delete(job)

    def test_a_killed_engine_costs_nothing_either(self, airgapped: Deployed, slips: Slips) -> None:
        shown = [slips.note] * 8
        with airgapped.client() as client:
            job = hand_in(client, scan(*shown))
            until(lambda: done_pages(client, job) or None, PATIENCE)
            airgapped.machine.ask("kill", "--signal", "KILL", airgapped.container("engine-1"))
            airgapped.machine.ask("start", airgapped.container("engine-1"))  # as Docker does unless somebody killed it
            told = until(partial(finished, client, job), PATIENCE)
            assert (told["state"], told["pages"]["done"], told["pages"]["failed"]) == ("done", len(shown), [])

    def test_the_gateway_takes_a_new_configuration_without_dropping_a_request(self, airgapped: Deployed) -> None:
        stop = threading.Event()

        def ask() -> list[int]:
            statuses = []
            while not stop.is_set():
                # Each on a connection of its own: those that wait for a next request may be closed at any time.
                statuses.append(httpx.get(f"{airgapped.url}/v1/models", trust_env=False).status_code)
            return statuses

        with ThreadPoolExecutor() as pool:
            asking = [pool.submit(ask) for _ in range(4)]
            for _ in range(5):
                airgapped.machine.ask("kill", "--signal", "HUP", airgapped.container("gateway"))
                stop.wait(0.5)
            stop.set()
            statuses = [status for one in asking for status in one.result(PATIENCE)]
        assert set(statuses) == {200}
        assert len(statuses) > 20


def test_every_way_to_break_a_copy_of_it_is_found(airgapped: Deployed) -> None:
    """The alarm itself, on real containers: each fault at its own claim and nowhere else."""
    done = airgapped.muniment("verify", "--self-test", "--json")
    told = json.loads(done.stdout or "[]")
    assert not {one["id"]: one["odd"] for one in told if one["odd"]}
    assert done.returncode == 0, done.stderr
    assert sum(one["verdict"] == "broken" for one in told) >= 25
    assert [one["id"] for one in told if one["verdict"] == "holds"] == ["untouched", "untouched-again"]
    assert sum(one["verdict"] == "unproven" for one in told) == 2
    for listing in (("ps", "--all"), ("network", "ls"), ("volume", "ls")):
        assert not airgapped.machine.ask(*listing, "--quiet", "--filter", "name=muniment-selftest").split()


def test_nothing_that_is_sent_is_in_any_log_or_writable_layer(airgapped: Deployed, fonts: Fonts) -> None:
    """The last one here: from now on the deployment wants a key."""
    key = airgapped.muniment("deployed", "key", "add", "somebody").stdout.strip()
    with airgapped.client(headers=headers_with(key)) as client:
        sender = Sender(client, "tiny")
        job, file = marked.through_every_route(sender, marked.marked_picture(fonts))
        marked.provoke_every_error(sender, job)
        assert holds(writable(airgapped, "server")), "the control: documents that are kept are found"
        assert not holds(client.get("/metrics").content)
        assert sender.send("DELETE", f"/v1/documents/{job}").is_success
        assert sender.send("DELETE", f"/v1/files/{file}").is_success
    assert MARKER in "".join(sender.answers)
    for service in ("gateway", *SEALED):
        control = ("exec", airgapped.container(service), "sh", "-c")
        airgapped.machine.ask(*control, f"echo {MARKER} > /tmp/control")
        assert holds(writable(airgapped, service)), "the control: what a container writes is found"
        airgapped.machine.ask(*control, "rm /tmp/control")
        logged = airgapped.machine.docker_run("logs", airgapped.container(service))
        said = logged.stdout + logged.stderr
        assert said or service == "server"
        assert MARKER.lower() not in said.lower(), service
        assert key not in said
        changed = {line[2:] for line in airgapped.machine.ask("diff", airgapped.container(service)).splitlines()}
        assert changed <= places(airgapped, service), "a read-only root stays as it was"
        assert not holds(writable(airgapped, service)), service


def places(deployed: Deployed, service: str) -> set[str]:
    """Where Docker itself puts something into a container: what is mounted, and its init."""
    made = ["/usr/sbin/docker-init", *(mount["Destination"] for mount in deployed.inspected(service)["Mounts"])]
    return {str(place) for path in map(PurePosixPath, made) for place in (path, *path.parents)}


def writable(deployed: Deployed, service: str) -> bytes:
    """All files in the places that a container can write to, as its own user sees them.

    Shared memory is its processes' own memory: what one hands to another passes through it.
    """
    mounts = [mount["Destination"] for mount in deployed.inspected(service)["Mounts"] if mount["RW"]]
    script = f"find {' '.join(mounts)} /tmp -type f -print -exec cat {{}} + 2>/dev/null || true"
    done = deployed.machine.docker_run("exec", deployed.container(service), "sh", "-c", f"({script}) | base64 -w0")
    assert done.returncode == 0, done.stderr
    return base64.b64decode(done.stdout)
