"""What a report shows, in order, whichever way it is written."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from muniment.seal.claims import Check, Finding, Verdict
from muniment.seal.evidence.freshness import FRESH_FOR
from muniment.seal.evidence.keys import PUBLIC_NAME
from muniment.seal.evidence.layout import Block, Cell, Exact, Facts, Fold, Items, Section, Table, Text, Verbatim
from muniment.seal.evidence.record import Evidence, ModelFile
from muniment.seal.evidence.report import PREDICATE_TYPE, SignedReport


def moment(time: datetime) -> str:
    """A time as reports show it."""
    return f"{time:%Y-%m-%d %H:%M:%S} UTC"


def headline(evidence: Evidence) -> str:
    """The verdict in a sentence."""
    count = len(evidence.findings)
    held, broken = (sum(one.verdict is kind for one in evidence.findings) for kind in (Verdict.HOLDS, Verdict.BROKEN))
    match evidence.verdict:
        case Verdict.HOLDS:
            return f"{count} of {count} claims held when they were looked at."
        case Verdict.BROKEN:
            rest = f"{count - held - broken} could not be shown, {held} held"
            return f"{broken} of {count} claims did not hold when they were looked at; {rest}."
        case _:
            return (
                f"{count - held} of {count} claims could not be shown; the other {held} held when they were looked at."
            )


def opening(report: SignedReport) -> Facts:
    """What stands under the verdict."""
    evidence, previous = report.report.evidence, report.report.previous
    before = f"{previous.number}, signed at {moment(previous.signed)}" if previous else "none: this is the first"
    return Facts(
        (
            ("Deployment", Exact(evidence.deployment)),
            ("Machine", Exact(evidence.machine.name) if evidence.machine.name else "not known"),
            ("Looked at", f"{moment(evidence.begun)} to {moment(evidence.ended)}"),
            (
                "Fresh until",
                f"{moment(evidence.begun + FRESH_FOR)}. Afterwards it tells how things stood, not how they stand.",
            ),
            ("Report", f"{report.report.number}, signed at {moment(report.report.signed)}"),
            ("Report before", before),
            ("Signed with the key", Exact(report.fingerprint)),
        )
    )


def sections(report: SignedReport) -> tuple[Section, ...]:
    """All below the opening, in order."""
    evidence = report.report.evidence
    return (
        Section("Claims", (_claims(evidence),)),
        Section("What this does not prove", (Items(report.report.not_proven),)),
        Section("What was looked at", tuple(_looked_at(evidence))),
        Section("Machine and verifier", (_machine(evidence), *_advisories(evidence))),
        Section("Images", (_images(evidence),)),
        Section("Networks and sockets", (_networks(evidence), _sockets(evidence))),
        Section("Telemetry and offline settings", (_settings(evidence),)),
        Section("Models", tuple(_models(evidence))),
        Section("Canary page", (_canary(evidence),)),
        Section("What could not be learned", (_unknown(evidence),)),
        Section("How to check this report", tuple(_how_to_check(report))),
        Section("Compose file", tuple(_composition(evidence))),
    )


def _claims(evidence: Evidence) -> Block:
    rows = tuple((one.verdict, one.claim.says, Exact(one.claim.id), _counted(one.checks)) for one in evidence.findings)
    return _table(("Verdict", "Claim", "Called", "Checks"), rows, "No claim was looked at.")


def _counted(checks: tuple[Check, ...]) -> str:
    counts = ((sum(check.verdict is kind for check in checks), kind) for kind in Verdict)
    return ", ".join(f"{kind}: {count}" for count, kind in counts if count) or "none"


def _looked_at(evidence: Evidence) -> Iterator[Block]:
    yield Text(
        "Each claim with all checks that were made for it. A probe counts only where its control shows that the same "
        "probe reaches what it should: without that, nothing is known. By “engine”, “kernel”, “file” and “request” the "
        "container engine, the kernel, a file or a service was asked."
    )
    for finding in evidence.findings:
        yield Fold(finding.verdict, finding.claim.says, tuple(_finding(finding)))


def _finding(finding: Finding) -> Iterator[Block]:
    if finding.verdict is Verdict.BROKEN:
        yield Text(f"What to do: {finding.claim.mend}")
    rows = tuple(
        (one.verdict, Exact(one.subject), one.method, Exact(one.what), Exact(one.seen), Exact(one.control))
        for one in finding.checks
    )
    yield _table(("Verdict", "Of", "By", "What was tried or asked", "Seen", "Control"), rows, "Nothing was looked at.")


def _machine(evidence: Evidence) -> Block:
    machine, verifier = evidence.machine, evidence.verifier
    known = (
        ("Machine", machine.name),
        ("Kernel", machine.kernel),
        ("Container engine", machine.engine),
        ("GPU driver", machine.gpu_driver),
        ("Verifier", f"Muniment {verifier.version}"),
        ("Verifier's files (SHA-256)", verifier.digest),
    )
    return Facts(tuple((name, Exact(value) if value else "not known, or none") for name, value in known))


def _advisories(evidence: Evidence) -> Iterator[Block]:
    if (told := evidence.advisories) is None:
        yield Text("Nothing tells what is publicly known against this container engine.")
    elif told.known:
        yield Text(f"Publicly known against container engine {told.engine}, by a list of {told.as_of}:")
        yield Items(told.known)
    else:
        yield Text(f"Nothing is publicly known against container engine {told.engine}, by a list of {told.as_of}.")


def _images(evidence: Evidence) -> Block:
    rows = tuple(
        (
            Exact(one.service),
            Exact(one.name),
            Exact(one.running),
            Exact(one.pinned) if one.pinned else "not pinned",
        )
        for one in evidence.images
    )
    return _table(("Service", "Image", "Running (SHA-256)", "Pinned (SHA-256)"), rows, "No image is known.")


def _networks(evidence: Evidence) -> Block:
    rows = tuple(
        (
            Exact(one.name),
            "no" if one.internal else "yes",
            Exact(", ".join(f"{family} {mode}" for family, mode in one.gateway_modes)),
            Exact(", ".join(one.services)),
        )
        for one in evidence.networks
    )
    return _table(("Network", "A way out", "Gateway modes", "Services"), rows, "No network is known.")


def _sockets(evidence: Evidence) -> Block:
    rows = tuple((Exact(one.subject), one.protocol, Exact(one.address)) for one in evidence.sockets)
    return _table(("Listens", "Protocol", "At"), rows, "No listening socket is known.")


def _settings(evidence: Evidence) -> Block:
    rows = tuple(
        (Exact(one.subject), Exact(one.name), "not set" if one.value is None else Exact(one.value))
        for one in evidence.settings
    )
    return _table(("Process of", "Variable", "Value"), rows, "No process's settings are known.")


def _models(evidence: Evidence) -> Iterator[Block]:
    if not evidence.models:
        yield Text("No model's files are known.")
    for model in evidence.models:
        yield Facts((("Model", Exact(model.name)), ("Manifest (SHA-256)", Exact(model.manifest))))
        rows = tuple(
            (_judged(one), Exact(one.name), f"{one.size:,}", Exact(one.sha256), _found(one)) for one in model.files
        )
        yield _table(
            ("Verdict", "File", "Bytes", "SHA-256 by the manifest", "As it lies there"), rows, "It has no files."
        )


def _judged(file: ModelFile) -> Verdict:
    if file.found is None:
        return Verdict.UNPROVEN
    return Verdict.HOLDS if file.found == file.sha256 else Verdict.BROKEN


def _found(file: ModelFile) -> str:
    if file.found is None:
        return "not read"
    return "the same" if file.found == file.sha256 else Exact(file.found)


def _canary(evidence: Evidence) -> Block:
    rows = tuple((Exact(one.model), "yes" if one.read else "no", one.seen) for one in evidence.canary)
    return _table(("Model", "Read as it should", "What stands against it"), rows, "No canary page is known of.")


def _unknown(evidence: Evidence) -> Block:
    rows = tuple((one.what, one.why) for one in evidence.unknown)
    return _table(("What", "Why"), rows, "Nothing that the verifier wanted to know.")


def _composition(evidence: Evidence) -> Iterator[Block]:
    if evidence.composition is None:
        yield Text("It is not known.")
    else:
        yield Facts((("SHA-256", Exact(evidence.composition.sha256)),))
        yield Verbatim(evidence.composition.effective) if evidence.composition.effective else Text("It is not shown.")


def _how_to_check(report: SignedReport) -> Iterator[Block]:
    yield Text(
        "This page shows what is signed in the file report.json; the file counts, not the page. Check it on any "
        f"machine, without a network, with the deployment's public key ({PUBLIC_NAME}), or with the key's fingerprint "
        "alone:"
    )
    yield Verbatim(f'muniment verify --check report.json --key "{report.fingerprint}"')
    yield Text(
        "Have the key or its fingerprint from whoever runs the deployment by another way than this page: on paper, or "
        "over the phone. Muniment's docs/evidence.md says how to check it without Muniment."
    )
    previous = report.report.previous
    yield Facts(
        (
            ("Fingerprint", Exact(report.fingerprint)),
            ("report.json (SHA-256)", Exact(report.link.sha256)),
            ("Report before (SHA-256)", Exact(previous.sha256) if previous else "none: this is the first"),
            ("Nonce", Exact(report.report.evidence.nonce)),
            ("Form", Exact(f"in-toto statement v1, {PREDICATE_TYPE}, DSSE, Ed25519")),
        )
    )


def _table(head: tuple[str, ...], rows: Iterable[tuple[Cell, ...]], otherwise: str) -> Block:
    """A table, or a sentence where it would be empty."""
    found = tuple(rows)
    return Table(head, found) if found else Text(otherwise)
