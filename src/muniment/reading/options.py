"""How to read."""

from dataclasses import dataclass, field
from enum import StrEnum

from muniment.engines.profiles import DEFAULT_PROFILE, load_profile
from muniment.reading.furniture import Furniture

EMBEDDED = "embedded"
"""The engine that needs no server."""

LOCAL = "vllm:"
"""What the path of a model is put behind, for a vLLM that is started for it without a network."""


class TextLayerUse(StrEnum):
    """What to do with the text a PDF carries."""

    AUTO = "auto"
    """Use it where it is sane and the page is not a scan."""
    NEVER = "never"
    """Always look at the page."""
    ONLY = "only"
    """Never look at letters: pages without text come out empty and flagged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadOptions:
    """How to read; the defaults are the command line's.

    Attributes:
        pages: which pages, like "1-3,7" or "5-"; None for all.
        engines: ("embedded",); or one address or more of the same model, "http://host:port/v1", "unix:/path/api.sock";
            or ("vllm:/path/of/model",) to have a vLLM started for the run, without a network.
        profile: how a model is asked: a name, or the path of a .toml file.
        model: which of the models that the engine serves; "" for its only one.
        api_key: for the engine; "" for none. Never written anywhere.
        vllm_python: the Python that has vLLM, for "vllm:"; "" to look for one.
        vllm_arguments: further arguments for that vLLM, as on its command line. They cannot undo what seals it.
        text_layer: what to do with a PDF's own text.
        furniture: what to do with page numbers, watermarks and lines that recur at page edges.
        password: for encrypted PDFs.
        jobs: worker processes; None for one for each processor.
        require_sandbox: fail if the system does not let workers shut themselves off from the network.
        requests: most requests under way at once, over all engines; None to let the number find its own level.
        answer_timeout: seconds one answer of a model may take.
        page_timeout: seconds one attempt at a page may take before its worker is killed.
        worker_memory: bytes of data memory one worker may use.
    """

    pages: str | None = None
    engines: tuple[str, ...] = (EMBEDDED,)
    profile: str = DEFAULT_PROFILE
    model: str = ""
    api_key: str = field(default="", repr=False)
    vllm_python: str = ""
    vllm_arguments: tuple[str, ...] = ()
    text_layer: TextLayerUse = TextLayerUse.AUTO
    furniture: Furniture = Furniture.MARK
    password: str | None = None
    jobs: int | None = None
    require_sandbox: bool = False
    requests: int | None = None
    answer_timeout: float = 600.0
    page_timeout: float = 120.0
    worker_memory: int = 4 << 30

    @property
    def identity(self) -> str:
        """Everything here that changes a reading, in a stable form. What an engine serves, the run finds out."""
        how = f"text-layer={self.text_layer.value} furniture={self.furniture.value}"
        if self.engines == (EMBEDDED,):
            return how
        return f"{how} profile={load_profile(self.profile).model_dump_json()}"
