"""What the service counts of itself, for Prometheus."""

from collections.abc import Callable, Iterator, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from muniment.reading import PageReading, PageStatus
from muniment.server.audit import AuditLine
from muniment.server.errors import ApiError
from muniment.text import Flag

_LIMITED = 429
_NO_KEY = "none"
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600)


class Metrics:
    """Counters by route templates, outcomes, models, flags and words of our own.

    Nothing in them comes from a document, and of a key no more than its id, where its own limits are told of.
    """

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = self._counter("requests", "Requests that were answered.", "route", "status", "outcome")
        self._pages = self._counter("pages", "Pages that were read, or handed in to be.", "route")
        self._bytes = self._counter("request_bytes", "Bytes of request bodies.", "route")
        self._tokens = self._counter("tokens", "Tokens that engines counted.", "kind")
        self._seconds = self._histogram("request", "Seconds from a request's head to its answer's end.", "route")
        self._errors = self._counter("errors", "Requests that were answered with an error, by its code.", "code")
        self._limited = self._counter("limited_requests", "Requests beyond a limit of their key.", "key", "limit")
        self._readings = self._counter("page_readings", "Pages as reading them ended.", "model", "status")
        self._flags = self._counter("page_flags", "Pages that carry a flag.", "flag")
        for flag in Flag:
            self._flags.labels(flag.value)
        self._page_seconds = self._histogram("page", "Seconds that reading a page took, with all attempts.", "model")
        self._first = self._histogram(
            "time_to_first_token",
            "Seconds until a streamed chat's first piece came, with the wait for a turn.",
            "model",
        )

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(f"muniment_{name}", text, labels, registry=self._registry)

    def _histogram(self, name: str, text: str, *labels: str) -> Histogram:
        return Histogram(f"muniment_{name}_seconds", text, labels, buckets=_SECONDS, registry=self._registry)

    def gauge(self, name: str, text: str, *labels: str) -> Gauge:
        """A new gauge; whoever wants it gives it a function, which is asked whenever metrics are."""
        return Gauge(f"muniment_{name}", text, labels, registry=self._registry)

    def gauges(self, name: str, text: str, label: str, ask: Callable[[], Mapping[str, float]]) -> None:
        """A gauge for each of what there is whenever metrics are asked for, by what tells them apart."""
        self._registry.register(_Asked(f"muniment_{name}", text, label, ask))

    def request(self, line: AuditLine) -> None:
        """Count a request that has ended."""
        route = line.route or "none"
        self._requests.labels(route, str(line.status), line.outcome.value).inc()
        self._seconds.labels(route).observe(line.duration)
        self._pages.labels(route).inc(line.pages)
        self._bytes.labels(route).inc(line.bytes_in)
        self.tokens(line.prompt_tokens, line.completion_tokens)

    def tokens(self, prompt: int, completion: int) -> None:
        """Count what an engine counted."""
        self._tokens.labels("prompt").inc(prompt)
        self._tokens.labels("completion").inc(completion)

    def error(self, error: ApiError, key_id: str | None) -> None:
        """Count what a request was answered with."""
        code = error.code or error.type
        self._errors.labels(code).inc()
        if error.status == _LIMITED:
            self._limited.labels(key_id or _NO_KEY, code).inc()

    def page(self, model: str, page: PageReading) -> None:
        """Count a page that was read, or could not be; its tokens count elsewhere."""
        for status in PageStatus:  # all from the first page on: of a number that was not there no rise is seen
            self._readings.labels(model, status.value).inc(status is page.status)
        for flag in page.flags:
            self._flags.labels(flag.value).inc()
        self._page_seconds.labels(model).observe(page.seconds)

    def first_token(self, model: str, seconds: float) -> None:
        """Count how long the first piece of a chat took."""
        self._first.labels(model).observe(seconds)

    def text(self) -> bytes:
        """All of it, as Prometheus reads it."""
        return generate_latest(self._registry)


class _Asked(Collector):
    """A gauge whose labels are as they are when it is asked for."""

    def __init__(self, name: str, text: str, label: str, ask: Callable[[], Mapping[str, float]]) -> None:
        self._name, self._text, self._label, self._ask = name, text, label, ask

    def collect(self) -> Iterator[GaugeMetricFamily]:
        family = GaugeMetricFamily(self._name, self._text, labels=[self._label])
        for value, number in self._ask().items():
            family.add_metric([value], number)
        yield family
