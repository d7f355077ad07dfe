"""Rules about images, and about the files as such: what is wrong with them, and what could not be looked at."""

import re
from collections.abc import Iterator

from muniment.seal.lint.engines import image_name, image_tag
from muniment.seal.lint.rule import Hit, Rule, Severity, Subject, faults
from muniment.seal.lint.services import Service
from muniment.seal.lint.tree import all_scalars

_MOVING = re.compile(r"[^0-9]*|(.*[-_.])?(latest|main|master|nightly|edge|dev|rolling)([-_.].*)?")
"""Tags that name another image tomorrow."""
_JUDGED = (
    *("image", "ports", "volumes", "network_mode", "privileged", "read_only", "cap_add", "cap_drop", "security_opt"),
    *("pid", "ipc", "user", "devices", "extra_hosts", "dns", "command", "entrypoint"),
)


def _fetched(subject: Subject) -> Iterator[Service]:
    """Services whose image comes from a registry."""
    for service in subject.project.services.values():
        image = service.scalar("image")
        if image and service.node("build") is None and not image.unknown and not image.text.startswith("localhost/"):
            yield service


def _unpinned(subject: Subject) -> Iterator[Hit]:
    for service in _fetched(subject):
        image = service.scalar("image")
        if image and "@" not in image.text and _MOVING.fullmatch(image_tag(service)):
            tag = image_tag(service)
            what = f'the tag "{tag}" moves' if tag else "no tag is given, which is latest"
            yield Hit(image.place, service.name, f"{image.written}: {what}")


def _by_tag(subject: Subject) -> Iterator[Hit]:
    for service in _fetched(subject):
        image = service.scalar("image")
        if image and "@" not in image.text and not _MOVING.fullmatch(image_tag(service)):
            yield Hit(image.place, service.name, f"{image_name(service)} is named by a tag")


def _unknown(subject: Subject) -> Iterator[Hit]:
    yield from faults("unknown-variable")(subject)
    told: set[str] = set()
    for service in subject.project.services.values():
        for key in _JUDGED:
            for scalar in all_scalars(service.table.get(key)):
                for name in sorted(scalar.unknown - told):
                    told.add(name)
                    yield Hit(scalar.place, service.name, f"{name} has no value here; it was taken for empty")


ALLOW_COMMENT = Rule(
    id="allow-comment",
    severity=Severity.WARNING,
    title="A comment that allows something counts for nothing",
    why="Whoever reads it believes that somebody has looked at this.",
    fix="Write: # muniment: allow RULE why it is right here. On the finding's line, or alone on the line above.",
    check=faults("allow-comment"),
)
RULES = (
    Rule(
        id="image-unpinned",
        severity=Severity.WARNING,
        title="An image is not pinned",
        why="The next pull brings whatever its makers, or whoever got into their account, put under that name.",
        fix="Name a version, better with its digest: image:1.2.3@sha256:…",
        check=_unpinned,
    ),
    Rule(
        id="image-by-tag",
        severity=Severity.NOTE,
        title="An image is pinned by a tag alone",
        why="A tag can be moved to another image, by its makers or by whoever got into their account.",
        fix="Add the digest: docker image inspect --format '{{.RepoDigests}}' IMAGE",
        check=_by_tag,
    ),
    Rule(
        id="duplicate-key",
        severity=Severity.ERROR,
        title="A key stands twice",
        why="Compose 2 refuses the file. Compose 1 takes the last without a word, so that what seals a service may be "
        "what is dropped.",
        fix="Keep one.",
        check=faults("duplicate-key"),
    ),
    Rule(
        id="malformed",
        severity=Severity.ERROR,
        title="Something is not as Compose wants it",
        why="Compose refuses it, or takes it for something else; what was meant is not what runs.",
        fix="Write it as the Compose Specification has it: docker compose config shows what Compose makes of it.",
        check=faults("malformed"),
    ),
    Rule(
        id="not-followed",
        severity=Severity.WARNING,
        title="Another file was not looked at",
        why="What it says counts for Compose, and can undo everything that this file does right.",
        fix="Have what Compose makes of all of them looked at: docker compose config > all.yaml",
        check=faults("not-followed"),
    ),
    Rule(
        id="env-file-unread",
        severity=Severity.NOTE,
        title="A file of variables was not looked at",
        why="It may switch telemetry on, set a proxy or trust code. It is missing, or lies in another folder.",
        fix="Run this where the file is.",
        check=faults("env-file-unread"),
    ),
    Rule(
        id="unknown-variable",
        severity=Severity.NOTE,
        title="A variable has no value",
        why="What runs hangs on the environment of whoever runs Compose, which was not looked at.",
        fix="Give it a default, ${NAME:-value}, or a value in the .env beside the file.",
        check=_unknown,
    ),
    ALLOW_COMMENT,
)
