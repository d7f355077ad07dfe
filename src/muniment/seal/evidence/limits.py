"""What a report does not prove: always, and as it was found this time."""

from collections.abc import Iterator

from muniment.seal.claims import Check, Verdict
from muniment.seal.evidence.record import Evidence, ModelRecord

ALWAYS = (
    "That whoever has root on this machine is honest. The report is signed by the machine that it is about, and no "
    "hardware vouches for it: root can change what the verifier sees, and has the key. This is signed evidence from "
    "the host's side, not remote attestation.",
    "That the kernel, the container engine and the hardware, with its firmware and its GPU, do what they say. The "
    "verifier asks them.",
    "That nothing leaves by other ways than a network: by timing, power or sound, by disks, or with people who may log "
    "in.",
    "Anything of the time before and after the verifier looked. What was so then can be otherwise a moment later.",
    "That whoever has a key of the service, or the secret key of these reports, uses it as they should.",
    "That a claim holds against ways that were not tried. The checks under each claim are all that was tried.",
    "That no report was removed from the end of the chain. Only a copy that is kept elsewhere shows that.",
    "That what a model reads is right.",
)

_MOST_TOLD = 3
"""Checks of a claim; all of them stand below it anyway."""


def not_proven(evidence: Evidence) -> tuple[str, ...]:
    """Every limit of a report of ``evidence``, a sentence or two each: first what was found, then what always holds."""
    return (*_found(evidence), *ALWAYS)


def _found(evidence: Evidence) -> Iterator[str]:
    if not evidence.findings:
        yield "Anything: no claim was looked at."
    for finding in evidence.findings:
        if finding.verdict is Verdict.UNPROVEN:
            yield f"“{finding.claim.says}” — {_reason(tuple(_open_ends(finding.checks)))}"
    for unknown in evidence.unknown:
        yield f"{unknown.what}: {unknown.why}"
    for image in evidence.images:
        if image.pinned is None:
            yield f"That {image.service} runs the image that it should: nothing pins it to a digest."
    yield from filter(None, map(_unread, evidence.models))


def _open_ends(checks: tuple[Check, ...]) -> Iterator[str]:
    for check in checks:
        if check.verdict is Verdict.UNPROVEN:
            control = f" (control: {check.control})" if check.control else ""
            yield f"{check.subject}, {check.what}: {check.seen}{control}"


def _reason(open_ends: tuple[str, ...]) -> str:
    if not open_ends:
        return "nothing was looked at for it"
    more = f"; and {len(open_ends) - _MOST_TOLD} more" if len(open_ends) > _MOST_TOLD else ""
    return "; ".join(open_ends[:_MOST_TOLD]) + more


def _unread(model: ModelRecord) -> str:
    unread = sum(file.found is None for file in model.files)
    if not unread:
        return ""
    return f"That all of {model.name} is as its manifest says: {unread:,} of {len(model.files):,} files were not read."
