"""Where an engine answers: an address as the user writes it."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from muniment.errors import UsageError


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An OpenAI-compatible server.

    Attributes:
        label: the address as written, without a password; for messages and readings.
        base_url: what ``/chat/completions`` is put behind, without a slash at its end.
        socket: the Unix socket it answers on; "" for TCP.
    """

    label: str
    base_url: str
    socket: str = ""

    @staticmethod
    def parse(address: str) -> "Endpoint":
        """``http://host:port/v1``, ``https://…`` or ``unix:/path/api.sock``.

        Raises:
            UsageError: it is none of these.
        """
        if address.startswith("unix:"):
            path = "/" + address.removeprefix("unix:").lstrip("/")
            if path == "/":
                raise UsageError(f"The engine {address!r} names no socket", "Write unix:/path/to/api.sock.")
            return Endpoint(f"unix:{path}", "http://localhost/v1", path)
        try:
            parts = urlsplit(address)
            parts.port  # noqa: B018 - raises for a port that is no number
        except ValueError as error:
            raise UsageError(f"The engine {address!r} is no address: {error}", _HINT) from None
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            raise UsageError(f"The engine {address!r} is no address", _HINT)
        if parts.username or parts.password:
            raise UsageError("The engine's address holds a name or password", "Give the key with --api-key instead.")
        path = parts.path.rstrip("/") or "/v1"
        url = f"{parts.scheme}://{parts.netloc}{path}"
        return Endpoint(url, url)


_HINT = "Write http://host:port/v1, unix:/path/to/api.sock, vllm:/path/to/model or embedded."
