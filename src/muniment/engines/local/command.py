"""The command line and the environment that vLLM is started with."""

import json
import os
from collections.abc import Mapping
from pathlib import Path

from muniment.engines.local.settings import ServerSettings

MODULE = "vllm.entrypoints.openai.api_server"
"""What serves; the `vllm` command is missing from builds for CPUs."""

_BATCHED_TOKENS = 16_384
"""vLLM's advice for models that read documents; its own default on smaller GPUs is an eighth of it."""

_PASSED_ON = frozenset({"PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "LD_PRELOAD", "TZ"})
_PASSED_ON_BY_PREFIX = ("CUDA_", "NVIDIA_", "NCCL_", "OMP_", "MKL_", "OPENBLAS_", "VLLM_CPU_")
"""What vLLM needs to find and use the hardware. Keys, proxies, hub settings and modes for debugging stay out."""


def command_line(settings: ServerSettings, python: str, socket: Path) -> list[str]:
    """What to run. What seals vLLM stands last, so that nothing before it counts against it."""
    model = settings.model.resolve()
    return [
        *(python, "-P", "-m", MODULE),
        *page_arguments(settings.context, settings.sequences, settings.memory_share),
        *settings.arguments,
        *sealing_arguments(str(model), model.name),
        *("--uds", str(socket)),
    ]


def page_arguments(context: int, sequences: int, memory_share: float) -> list[str]:
    """What suits vLLM to pages; see :class:`ServerSettings` for what is given."""
    share = ["--gpu-memory-utilization", f"{memory_share:g}"] if memory_share else []
    return [
        *("--max-model-len", str(context or "auto")),
        *("--max-num-seqs", str(sequences)),
        *("--max-num-batched-tokens", str(_BATCHED_TOKENS)),
        *share,
        # Each page is another picture: nothing is ever found in these caches, and what is in them takes memory.
        "--no-enable-prefix-caching",
        *("--mm-processor-cache-gb", "0"),
    ]


def sealing_arguments(model: str, name: str) -> list[str]:
    """What keeps vLLM from fetching, from running what a model brings along, and from logging what it reads.

    Args:
        model: the model's folder, as vLLM sees it.
        name: what it is served as.
    """
    return [
        *("--model", model),
        *("--served-model-name", name),
        *("--load-format", "safetensors"),  # the others are pickles, which run code
        "--no-trust-remote-code",
        # With an empty list any address would be fetched. This one cannot exist (RFC 6761).
        *("--allowed-media-domains", "none.invalid"),
        *("--allowed-local-media-path", ""),
        *("--limit-mm-per-prompt", json.dumps({"image": 1, "video": 0, "audio": 0})),
        *("--mm-processor-cache-type", "lru"),  # the other kind passes pickles through shared memory
        "--no-enable-log-requests",
        "--no-enable-log-outputs",
        "--disable-uvicorn-access-log",
        *("--fingerprint-mode", "none"),
    ]


def environment(ours: Mapping[str, str], folder: Path, cache: Path) -> dict[str, str]:
    """What vLLM sees of the environment ``ours``, with ``folder`` for everything that it writes but the cache."""
    passed = {
        name: value for name, value in ours.items() if name in _PASSED_ON or name.startswith(_PASSED_ON_BY_PREFIX)
    }
    return passed | {
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "HF_HOME": str(folder / "hub"),
        "VLLM_CONFIG_ROOT": str(folder / "config"),
        "XDG_CACHE_HOME": str(cache),
        "VLLM_CACHE_ROOT": str(cache / "vllm"),
        "TORCHINDUCTOR_CACHE_DIR": str(cache / "inductor"),
        "TRITON_CACHE_DIR": str(cache / "triton"),
        "CUDA_CACHE_PATH": str(cache / "cuda"),
        "VLLM_HOST_IP": "127.0.0.1",
        "VLLM_MEDIA_URL_ALLOW_REDIRECTS": "0",
        "HF_HUB_OFFLINE": "1",
        "TRANSFORMERS_OFFLINE": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "VLLM_NO_USAGE_STATS": "1",
        "DO_NOT_TRACK": "1",
        "VLLM_LOGGING_COLOR": "0",
        "PYTHONUNBUFFERED": "1",
    }


def default_cache() -> Path:
    """The user's own folder for compiled kernels."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(base) if base else Path.home() / ".cache") / "muniment" / "vllm"
