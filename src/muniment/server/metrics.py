"""What the service counts of itself, for Prometheus."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from muniment.server.audit import AuditLine

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600)


class Metrics:
    """Counters by route templates and outcomes; nothing in them comes from a document or a key."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = self._counter("requests", "Requests that were answered.", "route", "status", "outcome")
        self._pages = self._counter("pages", "Pages that were read, or handed in to be.", "route")
        self._bytes = self._counter("request_bytes", "Bytes of request bodies.", "route")
        self._tokens = self._counter("tokens", "Tokens that engines counted.", "kind")
        self._seconds = Histogram(
            "muniment_request_seconds",
            "Seconds from a request's head to its answer's end.",
            ["route"],
            buckets=_SECONDS,
            registry=self._registry,
        )

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(f"muniment_{name}", text, labels, registry=self._registry)

    def gauge(self, name: str, text: str, *labels: str) -> Gauge:
        """A new gauge; whoever wants it gives it a function, which is asked whenever metrics are."""
        return Gauge(f"muniment_{name}", text, labels, registry=self._registry)

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

    def text(self) -> bytes:
        """All of it, as Prometheus reads it."""
        return generate_latest(self._registry)
