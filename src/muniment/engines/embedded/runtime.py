"""Running the models: OpenVINO on the CPU.

Measured (docs/benchmarks.md), OpenVINO at f32 takes between half of ONNX Runtime's time and as much, by model. f32 is
asked for by name, though the default, bf16, is quicker on processors made for it: the same bytes should come out on
every machine, and on those with AVX-512-BF16 but without AMX bf16 is slower.
"""

import hashlib
import sys
import tomllib
from collections.abc import Callable, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from muniment.errors import EngineError

# OpenVINO's model converter reports its use to its makers. It is never called here, and with this it cannot be:
# OpenVINO falls back to a stub of its own when the reporting package cannot be imported.
sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]

import openvino as ov  # noqa: E402


@cache
def model_path(name: str) -> Path:
    """Where the model ``name`` (a section of models.toml) lies, its bytes checked.

    Raises:
        EngineError: the file is missing or not the one that was pinned.
    """
    folder = Path(str(files("muniment.engines.embedded") / "models"))
    entry = tomllib.loads((folder / "models.toml").read_text(encoding="utf-8"))[name]
    path = folder / str(entry["file"])
    if not path.is_file():
        raise EngineError(
            f"The embedded engine's {name} model is missing ({path})", "Run `make setup` to put it there."
        )
    if hashlib.sha256(path.read_bytes()).hexdigest() != entry["sha256"]:
        raise EngineError(
            f"The embedded engine's {name} model is not the file it should be ({path})",
            "Remove it and run `make setup`.",
        )
    return path


def compile_model(model: ov.Model, threads: int, streams: int = 1) -> ov.CompiledModel:
    """The model made ready to run on ``threads``, shared by so many calls side by side."""
    settings = {
        "INFERENCE_NUM_THREADS": threads,
        "NUM_STREAMS": streams,
        "INFERENCE_PRECISION_HINT": "f32",
        "ENABLE_CPU_PINNING": False,  # every worker would pin its threads to the same first cores
    }
    return ov.Core().compile_model(model, "CPU", settings)


class Session:
    """One compiled model. Holds state: one a worker.

    Args:
        name: a section of models.toml.
        threads: processor threads to use.
        adapt: rewrites the graph before it is compiled, to compute on its output without copying it out.
        streams: calls that :meth:`run_all` makes side by side, sharing the threads: many small calls are quicker so.
    """

    def __init__(
        self, name: str, threads: int, adapt: Callable[[ov.Model], ov.Model] | None = None, streams: int = 1
    ) -> None:
        model = ov.Core().read_model(model_path(name))
        if adapt is not None:
            model = adapt(model)
        compiled = compile_model(model, threads, streams)
        self._model = model
        self._request = compiled.create_infer_request()
        self._calls = ov.AsyncInferQueue(compiled, streams)

    def metadata(self, key: str) -> str:
        """What the ONNX file says under ``key`` in its metadata. Raises KeyError."""
        return str(self._model.get_rt_info()["framework"][key].value)

    def run(self, batch: NDArray[np.float32]) -> list[NDArray[Any]]:
        """All outputs, copied out of the runtime's memory."""
        self._request.infer([batch])
        return _outputs(self._request)

    def run_all(self, batches: Sequence[NDArray[np.float32]]) -> list[list[NDArray[Any]]]:
        """What :meth:`run` gives for each of ``batches``, in their order."""
        found: list[list[NDArray[Any]]] = [[] for _ in batches]
        self._calls.set_callback(lambda request, place: found[place].extend(_outputs(request)))
        for place, batch in enumerate(batches):
            self._calls.start_async([batch], place)
        self._calls.wait_all()
        return found


def _outputs(request: Any) -> list[NDArray[Any]]:
    return [np.array(tensor.data) for tensor in request.output_tensors]
