"""What is known of the seal: by signed, fresh evidence that follows what was seen before, and by nothing else."""

import asyncio
import os
import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from muniment.errors import EvidenceError
from muniment.seal.claims import Finding, Verdict
from muniment.seal.evidence.archive import publish
from muniment.seal.evidence.envelope import MOST_BYTES
from muniment.server import own_network, tripwire
from muniment.server.tripwire import SealRefusal, Tripwire
from tests.seal.evidence.making import KEY, NOON, OTHER_KEY, evidence, finding
from tests.server import virtual_time
from tests.server.conftest import Clock
from tests.server.sealing import DEPLOYMENT, TELEMETRY, seal, verified

HOLDS, BROKEN, UNPROVEN = Verdict.HOLDS, Verdict.BROKEN, Verdict.UNPROVEN
MINUTE = 60.0


class Watched:
    """A tripwire whose clocks are a test's.

    Attributes:
        ahead: seconds by which the clock that can be set is ahead of where it should be.
    """

    def __init__(self, folder: Path, *, is_enforced: bool = True, airgap: bool = False) -> None:
        self.folder = folder
        self.passed = Clock(1000.0)
        self.ahead = 0.0
        self.told: list[str] = []
        claimed = seal(folder, is_enforced=is_enforced, airgap=airgap)
        self.tripwire = Tripwire(claimed, self.told.append, lambda: self.now, self.passed)

    @property
    def now(self) -> datetime:
        return NOON + timedelta(seconds=self.passed() - 1000.0 + self.ahead)

    @property
    def report(self) -> Path:
        return self.folder / "report.json"

    def verify(self, *verdicts: Verdict) -> None:
        """Have a verifier look, which takes it five seconds."""
        at = self.now
        self.passed.seconds += 5
        verified(self.folder, *verdicts, at=at)

    def publish(self, findings: tuple[Finding, ...]) -> None:
        """Have a verifier find just this."""
        seen = evidence(self.now, findings=findings, deployment=DEPLOYMENT)
        self.passed.seconds += 5
        publish(seen, self.folder, KEY, lambda: self.now)

    def look(self, after: float = 0.0) -> tuple[Verdict, str]:
        """The verdict and what stands against it, at a look after so many seconds."""
        self.passed.seconds += after
        self.tripwire.look()
        return self.tripwire.state.verdict, self.tripwire.state.why


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    return Watched(tmp_path / "evidence")


def test_before_it_has_looked_nothing_is_known(watched: Watched) -> None:
    watched.verify()
    assert watched.tripwire.state.verdict is UNPROVEN
    assert watched.tripwire.state.why == "nobody has looked yet"


def test_without_evidence_nothing_is_known(watched: Watched) -> None:
    assert watched.look() == (UNPROVEN, "there is no evidence yet")
    assert "muniment verify --watch" in watched.tripwire.state.mend
    assert watched.tripwire.age == float("inf")


def test_fresh_evidence_that_all_claims_hold_is_believed(watched: Watched) -> None:
    watched.verify()
    assert watched.look() == (HOLDS, "")
    assert (watched.tripwire.state.looked_at, watched.tripwire.age) == (NOON, 5.0)


def test_a_claim_that_is_broken_is_named_with_how_to_mend_it(watched: Watched) -> None:
    watched.verify(BROKEN, UNPROVEN)
    assert watched.look() == (BROKEN, "“The engine sends no telemetry” does not hold")
    assert watched.tripwire.state.mend == "Bring it up anew."


def test_a_claim_that_could_not_be_shown_is_named(watched: Watched) -> None:
    watched.verify(UNPROVEN)
    assert watched.look() == (UNPROVEN, "“The engine sends no telemetry” could not be shown to hold")


def test_of_many_claims_three_are_named(watched: Watched) -> None:
    watched.verify(*[BROKEN] * 5)
    one = "“The engine sends no telemetry”"
    assert watched.look()[1] == f"{one}, {one}, {one} and 2 more claims do not hold"


def test_evidence_of_no_claim_shows_nothing(watched: Watched) -> None:
    publish(evidence(findings=()), watched.folder, KEY, lambda: NOON + timedelta(seconds=5))
    assert watched.look(10) == (UNPROVEN, "no claim was looked at")


def test_evidence_grows_old(watched: Watched) -> None:
    watched.verify()
    assert watched.look(15 * MINUTE - 5) == (HOLDS, "")
    assert watched.look(1) == (UNPROVEN, "the evidence is 15 minutes old")
    assert watched.look(5 * MINUTE) == (UNPROVEN, "the evidence is 20 minutes old")
    watched.verify()
    assert watched.look() == (HOLDS, "")


def test_it_grows_old_between_looks_too(watched: Watched) -> None:
    watched.verify()
    watched.look(15 * MINUTE - 30)
    watched.passed.seconds += 31
    assert watched.tripwire.state.verdict is UNPROVEN


def test_what_was_broken_is_broken_until_it_was_seen_to_hold(watched: Watched) -> None:
    watched.verify(BROKEN)
    watched.look()
    assert watched.tripwire.state.mend == "Bring it up anew."
    assert watched.look(60 * MINUTE)[0] is BROKEN
    assert "muniment verify --watch" in watched.tripwire.state.mend, "or else it would stay so when it is mended"
    watched.report.unlink()
    assert watched.look()[0] is BROKEN
    watched.verify()
    assert watched.look() == (HOLDS, "")


@pytest.mark.parametrize("later", [(finding(HOLDS), finding(UNPROVEN, claim=TELEMETRY)), (finding(HOLDS),)])
def test_what_was_broken_is_so_too_when_nobody_could_look_at_it_again(
    watched: Watched, later: tuple[Finding, ...]
) -> None:
    """Or whoever broke it would only have to break the controls as well."""
    watched.verify(BROKEN)
    watched.look()
    watched.publish(later)
    assert watched.look()[0] is BROKEN
    watched.verify()
    assert watched.look() == (HOLDS, "")


def test_evidence_that_was_old_when_it_was_first_seen_is_no_news(watched: Watched) -> None:
    watched.verify()
    assert watched.look(20 * MINUTE) == (UNPROVEN, "the evidence is 20 minutes old")


@pytest.mark.parametrize("back", [1 * MINUTE, 10 * MINUTE])
def test_a_clock_that_is_set_back_makes_old_evidence_no_younger(watched: Watched, back: float) -> None:
    watched.verify()
    assert watched.look(10 * MINUTE) == (HOLDS, "")
    watched.ahead = -back
    assert watched.look(6 * MINUTE) == (UNPROVEN, "the evidence is 16 minutes old")


def test_evidence_from_the_future_shows_that_a_clock_is_wrong(watched: Watched) -> None:
    watched.verify()
    watched.ahead = -10 * MINUTE
    assert watched.look() == (UNPROVEN, "the evidence is from the future: a clock is wrong")
    watched.ahead = 0
    assert watched.look() == (HOLDS, "")


def test_times_in_disorder_are_not_believed(watched: Watched) -> None:
    publish(evidence(NOON + timedelta(seconds=30)), watched.folder, KEY, lambda: NOON)
    assert watched.look(MINUTE) == (UNPROVEN, f"{watched.report} bears times that cannot be")


def test_a_report_of_before_is_not_believed(watched: Watched) -> None:
    watched.verify()
    earlier = watched.report.read_bytes()
    watched.passed.seconds += MINUTE
    watched.verify()
    watched.look()
    watched.report.write_bytes(earlier)
    assert watched.look() == (
        UNPROVEN,
        f"report 1 in {watched.report} does not follow report 2, which was seen before",
    )


def test_a_report_of_before_does_not_mend_what_is_broken(watched: Watched) -> None:
    watched.verify()
    good = watched.report.read_bytes()
    watched.passed.seconds += MINUTE
    watched.verify(BROKEN)
    assert watched.look()[0] is BROKEN
    watched.report.write_bytes(good)
    assert watched.look()[0] is BROKEN


def test_another_chain_is_not_believed_and_what_to_do_is_said(watched: Watched) -> None:
    watched.verify()
    watched.look(MINUTE)
    shutil.rmtree(watched.folder)
    watched.verify()
    assert watched.look()[0] is UNPROVEN
    assert "muniment restart server" in watched.tripwire.state.mend


def test_reports_that_were_not_seen_in_between_do_no_harm(watched: Watched) -> None:
    watched.verify()
    watched.look()
    for _ in range(3):
        watched.passed.seconds += MINUTE
        watched.verify()
    assert watched.look() == (HOLDS, "")


def test_another_key_is_not_believed(watched: Watched) -> None:
    verified(watched.folder, at=NOON, key=OTHER_KEY)
    verdict, why = watched.look(10)
    assert verdict is UNPROVEN
    assert "another key signed it" in why


def test_another_deployments_report_is_not_believed(watched: Watched) -> None:
    verified(watched.folder, at=NOON, deployment="deeds")
    assert watched.look(10) == (UNPROVEN, f"{watched.report} is of another deployment")


def put_text(path: Path) -> None:
    path.write_text("Not found")


def put_nothing(path: Path) -> None:
    path.write_bytes(b"")


def tear(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def change(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b'"payload": "e', b'"payload": "f', 1))


def inflate(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(MOST_BYTES + 1)


def put_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def put_a_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def put_a_loop(path: Path) -> None:
    path.unlink()
    path.symlink_to(path)


@pytest.mark.parametrize(
    "spoil", [put_text, put_nothing, tear, change, inflate, put_a_folder, put_a_pipe, put_a_loop, Path.unlink]
)
def test_what_is_no_report_is_told_until_there_is_one_again(watched: Watched, spoil: Callable[[Path], object]) -> None:
    watched.verify()
    kept = watched.folder.with_name("kept")
    shutil.copytree(watched.folder, kept)
    assert watched.look() == (HOLDS, "")
    spoil(watched.report)
    verdict, why = watched.look()
    assert verdict is UNPROVEN
    assert why
    assert any(why in line for line in watched.told), "the log has it too"
    shutil.rmtree(watched.folder)
    kept.rename(watched.folder)
    assert watched.look() == (HOLDS, "")


def test_a_huge_file_is_not_read_whole(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    watched.folder.mkdir()
    with watched.report.open("wb") as file:
        file.truncate(1 << 40)
    lengths: list[int] = []

    def opened(content: bytes, *_: object) -> None:
        lengths.append(len(content))
        raise EvidenceError("too long")

    monkeypatch.setattr(tripwire, "opened", opened)
    watched.look()
    watched.look()
    assert lengths == [MOST_BYTES + 1], "once, as it stays the same"


def test_a_file_that_cannot_be_read_is_tried_again(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    def unreadable(_path: Path) -> None:
        raise PermissionError(13, "Permission denied")

    watched.verify()
    with monkeypatch.context() as patch:
        patch.setattr(tripwire, "_read", unreadable)
        assert watched.look() == (UNPROVEN, f"{watched.report} cannot be read: Permission denied")
    assert watched.look() == (HOLDS, "")


def test_a_file_that_stays_the_same_is_read_once(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    watched.verify()
    watched.look()
    monkeypatch.setattr(tripwire, "_read", None)
    assert watched.look() == (HOLDS, "")


def test_what_nobody_expected_is_told_and_looked_at_again(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    watched.verify()
    with monkeypatch.context() as patch:
        patch.setattr(tripwire, "opened", lambda *_: 1 // 0)
        assert watched.look()[1].startswith("it could not be looked at (ZeroDivisionError in ")
    assert watched.look() == (HOLDS, "")


def test_a_watch_that_hangs_is_noticed(watched: Watched) -> None:
    watched.verify()
    watched.look()
    watched.passed.seconds += 61
    assert watched.tripwire.state.verdict is UNPROVEN
    assert watched.tripwire.state.why == "the service has not been able to look for 61 s"


@pytest.fixture
def airgapped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Watched, list[Verdict]]:
    """One that has to be without a network, and what it finds of that, the last ever after."""
    found = [HOLDS]

    def look() -> object:
        return finding(found.pop(0) if len(found) > 1 else found[0], claim=own_network.NO_NETWORK)

    monkeypatch.setattr(own_network, "look", look)
    return Watched(tmp_path / "evidence", airgap=True), found


def test_a_network_of_its_own_breaks_the_seal_whatever_the_evidence_says(
    airgapped: tuple[Watched, list[Verdict]],
) -> None:
    watched, found = airgapped
    watched.verify()
    assert watched.look() == (HOLDS, "")
    found[:] = [BROKEN, HOLDS]
    assert watched.look() == (BROKEN, "“The server has no network but its loopback” does not hold")
    assert "muniment up" in watched.tripwire.state.mend
    assert watched.look() == (HOLDS, "")


def test_having_no_network_is_no_evidence_by_itself(airgapped: tuple[Watched, list[Verdict]]) -> None:
    assert airgapped[0].look() == (UNPROVEN, "there is no evidence yet")


def test_what_it_cannot_find_of_its_own_network_is_unproven(airgapped: tuple[Watched, list[Verdict]]) -> None:
    watched, found = airgapped
    found[:] = [UNPROVEN]
    watched.verify()
    assert watched.look() == (UNPROVEN, "“The server has no network but its loopback” could not be shown to hold")


def test_where_no_airgap_is_claimed_its_network_is_not_looked_at(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own_network, "look", None)
    watched.verify()
    assert watched.look() == (HOLDS, "")


@pytest.mark.parametrize(
    ("verdicts", "code", "start"),
    [
        ((BROKEN,), "seal_broken", "Documents are refused while the seal is broken: “The engine sends no telemetry”"),
        ((UNPROVEN,), "seal_unproven", "Documents are refused while the seal is unproven: “The engine sends no"),
    ],
)
def test_where_it_is_enforced_documents_are_refused_unless_it_holds(
    watched: Watched, verdicts: tuple[Verdict, ...], code: str, start: str
) -> None:
    watched.verify(*verdicts)
    watched.look()
    refusal = watched.tripwire.refusal
    assert isinstance(refusal, SealRefusal)
    assert (refusal.status, refusal.type, refusal.code) == (503, "server_error", code)
    assert refusal.message.startswith(start)
    assert refusal.message.endswith("Bring it up anew.")
    assert refusal.headers() == {"retry-after": "30"}
    watched.verify()
    watched.look()
    assert watched.tripwire.refusal is None


def test_where_it_is_only_reported_nothing_is_refused(tmp_path: Path) -> None:
    watched = Watched(tmp_path, is_enforced=False)
    watched.verify(BROKEN)
    assert watched.look()[0] is BROKEN
    assert watched.tripwire.refusal is None


def test_the_log_has_a_line_whenever_the_verdict_becomes_another(watched: Watched) -> None:
    for _ in range(2):
        watched.look()
    watched.verify()
    for _ in range(2):
        watched.look()
    watched.look(20 * MINUTE)
    watched.look(20 * MINUTE)
    watched.verify(BROKEN)
    watched.look()
    assert [line.partition(".")[0] for line in watched.told] == [
        "The seal is unproven: there is no evidence yet",
        "The seal holds",
        "The seal is unproven: the evidence is 20 minutes old",
        "The seal is broken: “The engine sends no telemetry” does not hold",
    ]


def test_it_looks_again_and_again(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    async def looked(look: Callable[[], None]) -> None:
        look()

    monkeypatch.setattr(asyncio, "to_thread", looked)  # time passes at once, and a thread's would not
    looks: list[float] = []

    async def watch() -> None:
        loop = asyncio.get_running_loop()
        monkeypatch.setattr(watched.tripwire, "look", lambda: looks.append(loop.time()))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(16):
                await watched.tripwire.keep_watch()

    virtual_time.run(watch())
    assert looks == [5.0, 10.0, 15.0]


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=400))
def test_no_bytes_are_taken_for_evidence(watched: Watched, content: bytes) -> None:
    watched.folder.mkdir(exist_ok=True)
    watched.report.write_bytes(content)
    assert watched.look()[0] is UNPROVEN


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.integers(min_value=0), bit=st.integers(0, 7))
def test_no_report_with_a_bit_turned_over_is_believed(
    tmp_path_factory: pytest.TempPathFactory, at: int, bit: int
) -> None:
    watched = Watched(tmp_path_factory.mktemp("evidence"))
    watched.verify()
    content = bytearray(watched.report.read_bytes())
    begin = content.index(b'"payload": "') + len(b'"payload": "')
    content[begin + at % (content.index(b'"', begin) - begin)] ^= 1 << bit
    watched.report.write_bytes(content)
    assert watched.look()[0] is UNPROVEN
