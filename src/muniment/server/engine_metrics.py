"""What engines count of themselves, told apart by engine and passed on."""

from collections.abc import Iterable, Iterator, Mapping

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector

_LABEL = "muniment_engine"


def joined(told: Mapping[str, str]) -> bytes:
    """The metrics of several engines as one text.

    Args:
        told: what each engine says, in Prometheus' text form, by the engine's name; what makes no sense is left out.
    """
    families: dict[str, Metric] = {}
    for engine, text in told.items():
        for family in _parsed(text):
            whole = families.setdefault(family.name, Metric(family.name, family.documentation, family.type))
            for sample in family.samples:
                whole.add_sample(sample.name, {**sample.labels, _LABEL: engine}, sample.value)
    registry = CollectorRegistry()
    registry.register(_Given(families.values()))
    return generate_latest(registry)


def _parsed(text: str) -> list[Metric]:
    try:
        return list(text_string_to_metric_families(text))
    except ValueError:
        return []


class _Given(Collector):
    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = list(families)

    def collect(self) -> Iterator[Metric]:
        return iter(self._families)
