"""A table's rows and columns as a small model sees them (SLANet-plus): tables without rulings, or with only some."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from muniment.engines.embedded.geometry import Rect
from muniment.engines.embedded.ruling import GridCell
from muniment.engines.embedded.runtime import compile_model, model_path

Array = NDArray[np.float32]

_SIDE = 488
_MEAN = np.array([0.485, 0.456, 0.406], np.float32)
_DEVIATION = np.array([0.229, 0.224, 0.225], np.float32)
_MOST_STEPS = 501
_SPAN = re.compile(r' (row|col)span="(\d+)"')
_CELL, _CELL_WITH_SPANS, _END_OF_CELL, _ROW = "<td></td>", "<td", "</td>", "<tr>"

_FEATURES = "transpose_0.tmp_0.0"
_WEIGHTS = {
    "key": "linear_0.w_0",
    "query": "linear_1.w_0",
    "query_bias": "linear_1.b_0",
    "score": "linear_2.w_0",
    "input": "gru_cell_0.w_0",
    "input_bias": "gru_cell_0.b_0",
    "hidden": "gru_cell_0.w_1",
    "hidden_bias": "gru_cell_0.b_1",
    "token_1": "linear_3.w_0",
    "token_1_bias": "linear_3.b_0",
    "token_2": "linear_4.w_0",
    "token_2_bias": "linear_4.b_0",
    "box_1": "linear_5.w_0",
    "box_1_bias": "linear_5.b_0",
    "box_2": "linear_6.w_0",
    "box_2_bias": "linear_6.b_0",
}
"""What the decoder's weights are called in the ONNX file."""


class TableModel:
    """Tells a table's cells from its picture. Holds state: one a worker.

    Args:
        threads: processor threads to use.
    """

    def __init__(self, threads: int) -> None:
        self._request, vocabulary = _compiled(threads)
        self._tokens = ["", *vocabulary, ""]
        """The first one starts, the last one ends a table."""

    def find(self, pixels: NDArray[np.uint8]) -> tuple[GridCell, ...]:
        """Cells in row-major order, never overlapping, their places in pixels of ``pixels``; none if it sees none.

        Args:
            pixels: shape (height, width, 3), RGB: a table with next to nothing around it.
        """
        if min(pixels.shape[:2]) < 2:
            return ()
        features, weights = self._encoded(pixels)
        return tuple(_cells(self._steps(features, weights), max(pixels.shape[:2])))

    def _encoded(self, pixels: NDArray[np.uint8]) -> tuple[Array, dict[str, Array]]:
        self._request.infer([_batch(pixels)])
        features, *weights = (np.array(tensor.data) for tensor in self._request.output_tensors)
        return features[0], dict(zip(_WEIGHTS, weights, strict=True))

    def _steps(self, features: Array, weights: Mapping[str, Array]) -> Iterator[tuple[str, Array]]:
        """Tokens one after the other, each with the corners of the cell it might begin (8 fractions of the side).

        An attention over ``features`` (places, channels) feeds a gated recurrent unit.
        """
        keys = features @ weights["key"]
        hidden = np.zeros(weights["hidden"].shape[1], np.float32)
        token = np.eye(len(self._tokens), dtype=np.float32)
        place = 0
        for _ in range(_MOST_STEPS):
            seen = _softmax(
                (np.tanh(keys + (hidden @ weights["query"] + weights["query_bias"])) @ weights["score"])[:, 0]
            )
            hidden = _next_hidden(np.concatenate([seen @ features, token[place]]), hidden, weights)
            place = int(np.argmax(_two_layers(hidden, "token", weights)))
            if place == len(self._tokens) - 1:
                return
            yield self._tokens[place], _sigmoid(_two_layers(hidden, "box", weights))


def _compiled(threads: int) -> tuple[Any, list[str]]:
    """The model up to its loop, ready to run, and its vocabulary.

    OpenVINO cannot convert the ONNX file's loop. So the loop's steps are computed here, and what goes into it, the
    picture's features and the weights, comes out of the model.
    """
    # Not at the top: `runtime`, imported above, sees to it that OpenVINO comes without its reporting.
    import openvino as ov
    from openvino.frontend import FrontEndManager

    frontend = FrontEndManager().load_by_framework("onnx")
    whole = frontend.convert_partially(frontend.load(str(model_path("table"))))
    outputs: dict[str, Any] = {
        name: output for node in whole.get_ordered_ops() for output in node.outputs() for name in output.get_names()
    }
    wanted = [outputs[name] for name in (_FEATURES, *_WEIGHTS.values())]
    encoder = compile_model(ov.Model(wanted, whole.get_parameters(), "table"), threads)
    vocabulary = str(whole.get_rt_info()["framework"]["character"].value).splitlines()
    return encoder.create_infer_request(), vocabulary


def _batch(pixels: NDArray[np.uint8]) -> Array:
    height, width = pixels.shape[:2]
    scale = _SIDE / max(height, width)
    size = (max(int(width * scale), 1), max(int(height * scale), 1))
    # The model was trained on images with blue first.
    small = cv2.resize(pixels[:, :, ::-1], size, interpolation=cv2.INTER_LINEAR)
    batch = np.zeros((1, 3, _SIDE, _SIDE), np.float32)
    batch[0, :, : size[1], : size[0]] = ((small / np.float32(255) - _MEAN) / _DEVIATION).transpose(2, 0, 1)
    return batch


def _next_hidden(seen: Array, hidden: Array, weights: Mapping[str, Array]) -> Array:
    given = np.split(weights["input"] @ seen + weights["input_bias"], 3)
    kept = np.split(weights["hidden"] @ hidden + weights["hidden_bias"], 3)
    reset, update = _sigmoid(given[0] + kept[0]), _sigmoid(given[1] + kept[1])
    candidate = np.tanh(given[2] + reset * kept[2])
    return np.asarray((hidden - candidate) * update + candidate)


def _two_layers(values: Array, name: str, weights: Mapping[str, Array]) -> Array:
    inner = values @ weights[f"{name}_1"] + weights[f"{name}_1_bias"]
    return np.asarray(inner @ weights[f"{name}_2"] + weights[f"{name}_2_bias"])


def _softmax(values: Array) -> Array:
    powers = np.exp(values - values.max())
    return np.asarray(powers / powers.sum())


def _sigmoid(values: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-values)))


def _cells(steps: Iterator[tuple[str, Array]], side: float) -> list[GridCell]:
    rows: list[list[tuple[int, int, Rect]]] = []
    rows_down, columns, corners = 1, 1, np.zeros(8, np.float32)
    for token, box in steps:
        if token == _ROW:
            rows.append([])
        elif token == _CELL_WITH_SPANS:
            rows_down, columns, corners = 1, 1, box
        elif (span := _SPAN.fullmatch(token)) is not None:
            rows_down, columns = (int(span[2]), columns) if span[1] == "row" else (rows_down, int(span[2]))
        elif token == _CELL and rows:
            rows[-1].append((1, 1, _around(box, side)))
        elif token == _END_OF_CELL and rows:
            rows[-1].append((rows_down, columns, _around(corners, side)))
    return _placed(rows)


def _placed(rows: Sequence[Sequence[tuple[int, int, Rect]]]) -> list[GridCell]:
    """Cells given by their spans, each put at the first free place of its row; spans end where they meet others."""
    taken: set[tuple[int, int]] = set()
    cells = []
    for row, spans in enumerate(rows):
        column = 0
        for tall, wide, rect in spans:
            while (row, column) in taken:
                column += 1
            end = column + 1
            while end < column + wide and (row, end) not in taken:
                end += 1
            below = min(row + tall, len(rows))
            taken.update((down, across) for down in range(row, below) for across in range(column, end))
            cells.append(GridCell(row, column, below - row, end - column, rect))
            column = end
    return cells


def _around(corners: Array, side: float) -> Rect:
    xs, ys = corners[::2] * side, corners[1::2] * side
    return Rect(float(xs.min()), float(ys.min()), float(xs.max()), float(ys.max()))
