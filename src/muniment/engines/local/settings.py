"""How a sealed vLLM is started."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSettings:
    """What a sealed vLLM serves, and with how much.

    Attributes:
        model: the folder that holds the model.
        python: the interpreter that has vLLM; "" to look for one.
        context: tokens that a page and its answer may have together; 0 for as many as memory allows.
        memory_share: of the GPU's memory, from 0 to 1; 0 for vLLM's own choice.
        sequences: how many pages are read at once, at most.
        arguments: further arguments for vLLM. They cannot undo what seals it.
        start_within: seconds the start may take.
        cache: a folder for compiled kernels, which make the next start quicker; None for one in the user's own cache.
        unsealed: start it even if the system refuses to shut it off from the network.
    """

    model: Path
    python: str = ""
    context: int = 0
    memory_share: float = 0.0
    sequences: int = 256
    arguments: tuple[str, ...] = ()
    start_within: float = 1800.0
    cache: Path | None = None
    unsealed: bool = False
