"""What the deployment's commands show: steps while they last, and how it stands."""

from typing import TYPE_CHECKING, Self

from muniment.cli.messages import counted, printable, say

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from rich.status import Status as Spinner

    from muniment.deploy.doctor import Finding
    from muniment.deploy.status import Status


_GO_ON = "Containers that were started go on: muniment status shows them, muniment down ends them."


class Steps:
    """Shows the step that is under way: on a terminal in one line that changes, else each step once.

    Args:
        interrupted: what to say when it is broken off by Ctrl-C; "" is nothing.
    """

    def __init__(self, interrupted: str = _GO_ON) -> None:
        self._interrupted = interrupted
        self._spinner: Spinner | None = None
        self._last = ""

    def __enter__(self) -> Self:
        from rich.console import Console

        console = Console(stderr=True)
        if console.is_terminal:
            self._spinner = console.status("")
            self._spinner.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: "TracebackType | None"
    ) -> None:
        if self._spinner is not None:
            self._spinner.stop()
        if isinstance(error, KeyboardInterrupt) and self._interrupted:
            say(self._interrupted)

    def tell(self, step: str) -> None:
        """Show a step; of one that only counts seconds, like "3 s: …", what stands after the colon."""
        if self._spinner is not None:
            from rich.markup import escape

            self._spinner.update(escape(printable(step)))
            return
        what = step.partition(" s: ")[2] or step
        if what != self._last:
            self._last = what
            say(what)


def tell_status(status: "Status") -> None:
    """How a deployment stands, in a few lines on standard error."""
    models = ", ".join(sorted({engine.model for engine in status.plan.engines})) or "embedded"
    reads = "a canary page was read within the last minute" if status.readiness.reads else "no page is read"
    say(f"{'Up' if status.is_well else 'Not well'}: {status.plan.url} ({models}; {reads})")
    if status.plan.monitoring:
        say("Grafana: http://127.0.0.1:3000, on this machine alone.")
    say(f"Seal: {_seal(status)}")


def status_lines(status: "Status") -> str:
    """How a deployment stands, for people."""
    rows = [
        (
            one.service,
            one.standing,
            ", ".join(one.networks) or "no network",
            ", ".join(one.ports) or "nothing published",
            f"restarted {counted(one.restarts, 'time')}" if one.restarts else "",
        )
        for one in status.containers
    ]
    rows += [(service, "missing", "", "", "") for service in status.missing]
    return "\n".join([*_table(rows), "", *_facts(status)]) + "\n"


def _facts(status: "Status") -> "list[str]":
    plan = status.plan
    readiness = status.readiness
    refused = readiness.problem if readiness.reads and not readiness.refuses else ""  # of the seal, the last line tells
    canary = "read within the last minute" if readiness.reads else readiness.problem or "not read"
    facts = [
        ("address", plan.url),
        ("topology", plan.topology.value),
        ("networks", ", ".join(f"{one.name}{' (internal)' if one.internal else ''}" for one in status.networks) or "-"),
        ("models", ", ".join(sorted({engine.model for engine in plan.engines})) or "embedded"),
        ("canary", canary),
        *([("documents", refused)] if refused else []),
        *((f"canary {model}", problem) for model, problem in readiness.models if problem),
        *(
            (f"GPU {gpu.number}", f"{gpu.name}, {gpu.used / 1e9:.1f} of {gpu.memory / 1e9:.1f} GB in use")
            for gpu in status.gpus
        ),
        ("seal", _seal(status)),
    ]
    return _table(facts)


def _seal(status: "Status") -> str:
    """The verdict as the service tells it, what comes of it, and what to do."""
    found = status.readiness
    if found.seal == "holds":
        return "holds, by evidence of the last 15 minutes"
    refused = ", and documents are refused" if found.refuses else ""
    return f"{found.seal}{refused}: {found.seal_problem or 'muniment verify tells more'}"


def findings_lines(findings: "Sequence[Finding]") -> str:
    """What the doctor found, for people."""
    lines = []
    for finding in findings:
        lines.append(f"{finding.grade.value:8} {finding.what}: {finding.found}")
        if finding.remedy:
            lines.append(f"{'':8} -> {finding.remedy}")
    return "\n".join(printable(line) for line in lines) + "\n"


def _table(rows: "Sequence[tuple[str, ...]]") -> "list[str]":
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(printable(cell).ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
