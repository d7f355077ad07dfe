"""Which versions of vLLM have holes that are publicly known."""

import re

_MENDED_IN = (
    ((0, 33, 0), "CVE-2026-130686"),  # many images in one request exhaust it
    ((0, 22, 0), "CVE-2026-48746"),  # its API key can be got around
    ((0, 19, 0), "CVE-2026-34756"),  # a huge number of answers exhausts it
    ((0, 14, 1), "CVE-2026-22778"),  # an image or a film runs code
)
"""Version, and what it mended; newest first."""

_VERSION = re.compile(r"(\d+)\.(\d+)(?:\.(\d+))?")


def known_hole(version: str) -> str:
    """What to tell the user of vLLM ``version``; "" if nothing is known against it, or nothing of the version."""
    found = _VERSION.match(version)
    if found is None:
        return ""
    numbers = tuple(int(part or 0) for part in found.groups())
    holes = [name for mended_in, name in _MENDED_IN if numbers < mended_in]
    if not holes:
        return ""
    newest = ".".join(map(str, _MENDED_IN[0][0]))
    return f"This vLLM ({version}) has known holes ({', '.join(holes)}): install {newest} or newer."
