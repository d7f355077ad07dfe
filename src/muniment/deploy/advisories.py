"""Docker Engines with holes that let containers out, as they are publicly known."""

from dataclasses import dataclass
from datetime import date

Version = tuple[int, ...]

AS_OF = date(2026, 11, 24)
"""The day that the list is from."""


@dataclass(frozen=True, slots=True)
class _Hole:
    """A hole and the versions that mend it: of each line that was mended, and of all from the last on.

    ``since`` is the version that it came with; all that are older have it not.
    """

    name: str
    what: str
    mended: tuple[Version, ...]
    since: Version = ()


_HOLES = (
    _Hole("CVE-2024-29018", "outside names leak out of internal networks", ((23, 0, 11), (25, 0, 5), (26, 0, 0))),
    _Hole("moby issue 45610", "others on the same network segment reach ports meant for this machine", ((28, 0, 0),)),
    _Hole("CVE-2025-54410", "a reload of firewalld drops what keeps networks apart", ((25, 0, 13), (28, 0, 0))),
    _Hole("CVE-2025-54388", "a reload of firewalld opens ports meant for this machine", ((28, 3, 3),), (28, 2, 0)),
)
_ISOLATED_FROM = (28, 0, 0)


def holes_in(engine: Version) -> tuple[str, ...]:
    """What is known against an Engine of this version."""
    return tuple(f"{hole.name}: {hole.what}" for hole in _HOLES if hole.since <= engine and not _mends(hole, engine))


def isolates(engine: Version) -> bool:
    """Whether it can make an internal network on which containers do not reach this machine, as from Engine 28 on.

    It does so only where the network asks for it: on others the bridge has an address of this machine's.
    """
    return engine >= _ISOLATED_FROM


def _mends(hole: _Hole, engine: Version) -> bool:
    same_line = [mended for mended in hole.mended if mended[0] == engine[0]]
    return engine >= (same_line[-1] if same_line else hole.mended[-1])
