"""Whether the seal holds, as far as the service can tell: by evidence that is handed to it, and by its own eyes.

The service has no network, and does not see the container engine. So it believes a report that is signed with the
deployment's key, follows those before it and is fresh, and what it finds in its own namespaces; and nothing else.
"""

import asyncio
import errno
import os
import stat
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from muniment.errors import EvidenceError
from muniment.seal.claims import Finding, Verdict, worst
from muniment.seal.evidence.archive import REPORT_NAME
from muniment.seal.evidence.envelope import MOST_BYTES
from muniment.seal.evidence.freshness import FRESH_FOR, is_fresh
from muniment.seal.evidence.report import Link, SignedReport, opened
from muniment.server import own_network
from muniment.server.errors import ApiError
from muniment.server.problems import described
from muniment.server.settings import SealSettings

_EVERY = 5.0
"""Seconds between looks."""
_LOOKS_COUNT_FOR = 60.0
"""Seconds: when the last look is older, it hangs, and nothing is known."""
_RETRY_AFTER = 30.0
_MOST_TOLD = 3
_WATCH = "Run muniment verify --watch on the machine that the deployment runs on."
_WRITES_ONLY = f"See that nothing but muniment verify writes to the folder of evidence. {_WATCH}"
_ANOTHER_KEY = f"{_WRITES_ONLY} If the key was made anew on purpose, run muniment restart server."
_BEGUN_ANEW = "If the reports were begun anew on purpose, run muniment restart server."
_CLOCK = f"Set the machine's clock right. {_WATCH}"
_NOT_YET, _GONE = "there is no evidence yet", "the evidence is gone"


@dataclass(frozen=True, slots=True)
class SealState:
    """What is known of the seal now.

    Attributes:
        why: what stands against it, as the end of a sentence; "" if it holds.
        mend: what to do about that; "" if it holds.
        looked_at: when the verifier began to look, whose report this goes by; None without one.
    """

    verdict: Verdict
    why: str
    mend: str
    looked_at: datetime | None


class SealRefusal(ApiError):
    """Documents are refused, on purpose, as the seal does not hold."""

    def __init__(self, state: SealState) -> None:
        message = f"Documents are refused while the seal is {state.verdict}: {state.why}. {state.mend}"
        super().__init__(503, "server_error", message, code=f"seal_{state.verdict}", retry_after=_RETRY_AFTER)


@dataclass(frozen=True, slots=True)
class _Believed:
    """Of the newest report that was believed, what counts later.

    Attributes:
        findings: those that do not hold, and those that were broken before and were not seen to hold since.
        seen: when it was first seen, in seconds of a clock that nobody sets.
        age: of the report, in seconds, when it was first seen.
    """

    link: Link
    begun: datetime
    verdict: Verdict
    findings: tuple[Finding, ...]
    seen: float
    age: float


@dataclass(frozen=True, slots=True)
class _Look:
    """What the last look brought.

    Attributes:
        at: when it was, in seconds of the clock that nobody sets.
        network: what was found of the service's own network; None where nothing is claimed of it.
        believed: the newest report that was believed; None if none was yet.
        trouble, mend: why the report that lies there now is not believed; "" if it is, or none lies there.
        mark: what tells that report from another without reading it.
    """

    at: float
    network: Finding | None = None
    believed: _Believed | None = None
    trouble: str = ""
    mend: str = ""
    mark: tuple[int, ...] = ()


def _mark(status: os.stat_result) -> tuple[int, ...]:
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def _read(path: Path) -> tuple[tuple[int, ...], bytes]:
    """A file's mark, and no more of it than a report may have. Raises OSError; it waits for no pipe."""
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "it is no file")
        return _mark(status), file.read(MOST_BYTES + 1)


def _seconds() -> float:
    """Seconds of a clock that nobody sets, and that goes on while the machine sleeps."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class Tripwire:
    """Looks again and again, in a thread, and tells from any what is known.

    Args:
        tell: told whenever the verdict becomes another, or a report is not believed.
        clock: the time in UTC.
        seconds: of a clock that nobody sets.
    """

    def __init__(
        self,
        settings: SealSettings,
        tell: Callable[[str], None],
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        seconds: Callable[[], float] = _seconds,
    ) -> None:
        self.settings = settings
        self._tell = tell
        self._clock = clock
        self._seconds = seconds
        self._path = settings.evidence / REPORT_NAME
        self._looking = threading.Lock()
        self._last: _Look | None = None
        self._told: tuple[Verdict, str] | None = None

    @property
    def state(self) -> SealState:
        """What is known now."""
        last = self._last
        if last is None:
            return SealState(Verdict.UNPROVEN, "nobody has looked yet", "Try again later.", None)
        verdict, why, mend = self._judged(last)
        return SealState(verdict, why, mend, last.believed.begun if last.believed else None)

    @property
    def age(self) -> float:
        """Seconds since the verifier began to look, whose report was last believed; without end if none was."""
        last = self._last
        return float("inf") if last is None or last.believed is None else self._age(last.believed)

    @property
    def refusal(self) -> SealRefusal | None:
        """Why no document may be read; None if they may."""
        state = self.state
        return SealRefusal(state) if self.settings.is_enforced and state.verdict is not Verdict.HOLDS else None

    async def keep_watch(self) -> None:
        """Look again and again until cancelled."""
        while True:
            await asyncio.sleep(_EVERY)
            await asyncio.to_thread(self.look)

    def look(self) -> None:
        """See how things stand. Raises nothing."""
        with self._looking:
            before = self._last or _Look(self._seconds())
            try:
                last = self._seen(before)
            except Exception as error:  # a watch that ended over it would tell nothing any more
                why = f"it could not be looked at ({described(error)})"
                last = replace(before, at=self._seconds(), trouble=why, mend=_WATCH, mark=())
            self._last = last
            self._tell_changes(last)

    def _seen(self, before: _Look) -> _Look:
        network = own_network.look() if self.settings.airgap else None
        last = replace(before, at=self._seconds(), network=network)
        try:
            if _mark(self._path.stat()) == before.mark:
                return last
            mark, content = _read(self._path)
        except FileNotFoundError:
            return replace(last, trouble=_NOT_YET if last.believed is None else _GONE, mend=_WATCH, mark=())
        except OSError as error:
            why = f"{self._path} cannot be read: {error.strerror}"
            return replace(last, trouble=why, mend=_WRITES_ONLY, mark=())
        try:
            report = opened(content, self.settings.trust, str(self._path))
        except EvidenceError as error:
            return replace(last, trouble=error.what, mend=_ANOTHER_KEY, mark=mark)
        return replace(self._weighed(last, report), mark=mark)

    def _weighed(self, last: _Look, report: SignedReport) -> _Look:
        """The look, with a report that its signature vouches for."""
        evidence, link = report.report.evidence, report.link
        if evidence.deployment != self.settings.deployment:
            return replace(last, trouble=f"{self._path} is of another deployment", mend=_WRITES_ONLY)
        after = last.believed.link if last.believed else None
        if not _follows(report, after):
            if after is None:
                return replace(last, trouble=f"{self._path} bears times that cannot be", mend=_CLOCK)
            why = f"report {link.number} in {self._path} does not follow report {after.number}, which was seen before"
            return replace(last, trouble=why, mend=_BEGUN_ANEW)
        if after == link:
            return replace(last, trouble="", mend="")
        believed = _Believed(
            link=link,
            begun=evidence.begun,
            verdict=evidence.verdict,
            findings=_ill(evidence.findings, last.believed.findings if last.believed else ()),
            seen=last.at,
            age=(self._clock() - evidence.begun).total_seconds(),
        )
        return replace(last, believed=believed, trouble="", mend="")

    def _judged(self, last: _Look) -> tuple[Verdict, str, str]:
        """The verdict, what stands against it, and how to mend that. What was broken is so until it is seen to hold."""
        believed = last.believed
        own = (last.network,) if last.network else ()
        findings = (*own, *(believed.findings if believed else ()))
        doubt = next(self._doubts(last), None)
        if any(one.verdict is Verdict.BROKEN for one in findings):
            verdict, why, mend = _of(Verdict.BROKEN, findings)
            return verdict, why, f"{mend} {doubt[1]}" if doubt else mend  # else it would stay so when it is mended
        if doubt:
            return Verdict.UNPROVEN, *doubt
        if worst((*(one.verdict for one in own), *([believed.verdict] if believed else []))) is not Verdict.HOLDS:
            return _of(Verdict.UNPROVEN, findings)
        return Verdict.HOLDS, "", ""

    def _doubts(self, last: _Look) -> Iterator[tuple[str, str]]:
        """Why nothing can be said, whatever was found, and how to mend that."""
        late = self._seconds() - last.at
        if late > _LOOKS_COUNT_FOR:
            yield f"the service has not been able to look for {late:.0f} s", "Run muniment restart server."
        if last.trouble:
            yield last.trouble, last.mend
        if last.believed is None:
            return
        if self._clock() < last.believed.link.signed:
            yield "the evidence is from the future: a clock is wrong", _CLOCK
        age = self._age(last.believed)
        if age > FRESH_FOR.total_seconds():
            yield f"the evidence is {age // 60:.0f} minutes old", _WATCH

    def _age(self, believed: _Believed) -> float:
        """In seconds, and no less because the machine's clock was set back."""
        by_clock = (self._clock() - believed.begun).total_seconds()
        return max(by_clock, believed.age + self._seconds() - believed.seen)

    def _tell_changes(self, last: _Look) -> None:
        state = self.state
        if (state.verdict, last.trouble) == self._told:
            return
        self._told = state.verdict, last.trouble
        self._tell(f"The seal is {state.verdict}: {state.why}. {state.mend}" if state.why else "The seal holds.")


def _follows(report: SignedReport, after: Link | None) -> bool:
    """Whether it was, when it was signed, news to whoever had seen ``after``, or no report yet."""
    return is_fresh(report, report.report.signed, timedelta.max, after)


def _ill(findings: tuple[Finding, ...], before: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Those that do not hold. What was broken ``before`` is so until it is seen to hold, and not until nobody looks."""
    judged = {one.claim.id for one in findings if one.verdict is not Verdict.UNPROVEN}
    kept = tuple(one for one in before if one.verdict is Verdict.BROKEN and one.claim.id not in judged)
    left = {one.claim.id for one in kept}
    now = (one for one in findings if one.verdict is not Verdict.HOLDS and one.claim.id not in left)
    return (*now, *kept)


def _of(verdict: Verdict, findings: tuple[Finding, ...]) -> tuple[Verdict, str, str]:
    """A verdict that comes of the claims that have it."""
    claims = [one.claim for one in findings if one.verdict is verdict]
    shown = [f"“{claim.says.rstrip('.')}”" for claim in claims[:_MOST_TOLD]]
    more = f" and {len(claims) - _MOST_TOLD} more claims" if len(claims) > _MOST_TOLD else ""
    many = len(claims) > 1
    how = f"{'do' if many else 'does'} not hold" if verdict is Verdict.BROKEN else "could not be shown to hold"
    mend = " ".join(dict.fromkeys(claim.mend for claim in claims[:_MOST_TOLD]))
    return verdict, f"{', '.join(shown)}{more} {how}" if claims else "no claim was looked at", mend or _WATCH
