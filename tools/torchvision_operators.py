"""Lets torchvision be imported beside a torch that it was not built for.

PyPI's torchvision is built for CUDA, so that its operators do not load with the CPU build of torch, and importing it
then fails as it looks for two of them. Pages need its image transforms only: the two are declared, and never called.
tools/vllm_environment.py puts this into the engine's environment, where it runs at every start.
"""

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import MetaPathFinder
from types import ModuleType
from typing import Any

_SIGNATURE = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"


class _Declarer(MetaPathFinder):
    """Finds nothing; declares the operators when torchvision is looked for, as torch takes seconds to import."""

    def __init__(self) -> None:
        self._library: Any = None

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> None:  # noqa: ARG002
        if name == "torchvision" and self._library is None:
            self._library = import_module("torch").library.Library("torchvision", "DEF")
            for operator in ("nms", "qnms"):
                self._library.define(operator + _SIGNATURE)


sys.meta_path.insert(0, _Declarer())
