"""Which inference runtime: OpenVINO at f32, OpenVINO as it comes, ONNX Runtime; medians of interleaved runs."""

import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks import common
from muniment.engines.embedded.runtime import model_path

SHAPES = {
    "detection": (1, 3, 736, 736),
    "recognition": (1, 3, 48, 320),
    "layout": (1, 3, 800, 608),
    "orientation": (1, 3, 224, 224),
}
PAUSE = 0.1
"""Seconds before a runtime's turn: threads of the one before it go on spinning for a while."""
RUNTIMES = ("OpenVINO f32", "OpenVINO default", "ONNX Runtime")

Call = Callable[[NDArray[np.float32]], Any]


def openvino_call(name: str, threads: int, precision: str | None) -> Call:
    import openvino as ov

    core = ov.Core()
    settings: dict[str, Any] = {"INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1, "ENABLE_CPU_PINNING": False}
    if precision:
        settings["INFERENCE_PRECISION_HINT"] = precision
    request = core.compile_model(core.read_model(model_path(name)), "CPU", settings).create_infer_request()
    return lambda batch: request.infer([batch])


def onnxruntime_call(name: str, threads: int) -> Call:
    import onnxruntime

    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(str(model_path(name)), settings, providers=["CPUExecutionProvider"])
    first = session.get_inputs()[0].name
    return lambda batch: session.run(None, {first: batch})


def compare(name: str, threads: int, rounds: int) -> dict[str, float]:
    """Median milliseconds a call of each runtime, in turn; each call follows one of the same that is not counted."""
    calls = {
        "OpenVINO f32": openvino_call(name, threads, "f32"),
        "OpenVINO default": openvino_call(name, threads, None),
        "ONNX Runtime": onnxruntime_call(name, threads),
    }
    batch = np.random.default_rng(1).random(SHAPES[name], dtype=np.float32)
    times: dict[str, list[float]] = {runtime: [] for runtime in calls}
    for turn in range(rounds + 1):
        for runtime, call in calls.items():
            time.sleep(PAUSE)
            call(batch)
            start = time.perf_counter()
            call(batch)
            if turn:
                times[runtime].append(1000 * (time.perf_counter() - start))
    return {runtime: statistics.median(kept) for runtime, kept in times.items()}


def tables(result: common.Result) -> str:
    """Medians and the ratio of the chosen runtime to ONNX Runtime, as Markdown."""
    rows = [
        (row["model"], row["input"], row["threads"], *(row["ms"][runtime] for runtime in RUNTIMES),
         row["ms"]["OpenVINO f32"] / row["ms"]["ONNX Runtime"])
        for row in result["rows"]
    ]  # fmt: skip
    heads = ("model", "input", "threads", *(f"{runtime} ms" for runtime in RUNTIMES), "OpenVINO f32 / ONNX Runtime")
    return common.table(heads, rows)


def main() -> None:
    parser = common.parser(__doc__)
    parser.add_argument("--rounds", type=int, default=15, help="calls of each runtime (default: %(default)s)")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2], help="numbers of threads (default: 1 2)")
    given = parser.parse_args()
    rows = [
        {
            "model": name,
            "input": " x ".join(map(str, shape)),
            "threads": threads,
            "ms": compare(name, threads, given.rounds),
        }
        for name, shape in SHAPES.items()
        for threads in given.threads
    ]
    result: common.Result = {"settings": {"rounds": given.rounds}, "rows": rows}
    print(f"{tables(result)}\n\nKept in {common.save('runtime', result)}")


if __name__ == "__main__":
    main()
