"""What a request's body costs the service: reading its JSON, its image's base64 both ways, writing JSON for an engine.

Chat requests with one image of random bytes and a short text. The ways take turns; medians, and beside them the ratio
to the standard library's. Of these parsers only `parse_object` tells of keys that are given twice, and bounds nesting.
"""

import base64
import binascii
import json
import random
import statistics
import time
from collections.abc import Callable

import msgspec
import orjson
import pybase64

from benchmarks import common
from muniment.server.strictjson import parse_object

MEGABYTE = 10**6
SIZES = (1, 10)
"""Megabytes of the image."""

Ways = dict[str, dict[str, Callable[[], object]]]
"""What is called, by step and way; the first way of each is the one to compare with."""


def ways(size: int) -> Ways:
    image = random.Random(1).randbytes(size * MEGABYTE)
    payload = base64.b64encode(image).decode()
    parts = [
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{payload}"}},
        {"type": "text", "text": 'Read this page.\nWrite "nothing" if there is nothing.'},
    ]
    request = {"model": "m", "messages": [{"role": "user", "content": parts}], "temperature": 0.0, "max_tokens": 15_000}
    body = json.dumps(request).encode()
    return {
        "JSON read": {
            "json": lambda: json.loads(body),
            "parse_object (json)": lambda: parse_object(body),
            "orjson": lambda: orjson.loads(body),
            "msgspec": lambda: msgspec.json.decode(body),
        },
        "base64 read": {
            "binascii": lambda: binascii.a2b_base64(payload, strict_mode=True),
            "pybase64": lambda: pybase64.b64decode(payload, validate=True),
        },
        "base64 written": {
            "binascii": lambda: binascii.b2a_base64(image, newline=False).decode(),
            "pybase64": lambda: pybase64.b64encode_as_string(image),
        },
        "JSON written": {
            "json": lambda: json.dumps(request).encode(),
            "orjson": lambda: orjson.dumps(request),
            "msgspec": lambda: msgspec.json.encode(request),
        },
    }


def milliseconds(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return (time.perf_counter() - start) * 1e3


def medians(size: int, rounds: int) -> dict[str, dict[str, float]]:
    steps = ways(size)
    times: dict[str, dict[str, list[float]]] = {step: {way: [] for way in calls} for step, calls in steps.items()}
    for _ in range(rounds):
        for step, calls in steps.items():
            for way, call in calls.items():
                times[step][way].append(milliseconds(call))
    return {step: {way: statistics.median(kept) for way, kept in found.items()} for step, found in times.items()}


def tables(result: common.Result) -> str:
    """A row for each step and way, with both sizes, as Markdown."""
    sizes = result["milliseconds"]
    rows = []
    for step, found in sizes[str(SIZES[0])].items():
        first = next(iter(found))
        for way in found:
            times = [sizes[str(size)][step][way] for size in SIZES]
            ratios = [sizes[str(size)][step][way] / sizes[str(size)][step][first] for size in SIZES]
            rows.append((step, way, *times, *ratios))
    columns = [*(f"{size} MB ms" for size in SIZES), *(f"{size} MB ratio" for size in SIZES)]
    return common.table(("step", "with", *columns), rows)


def main() -> None:
    parser = common.parser(__doc__)
    parser.add_argument("--rounds", type=int, default=30, help="calls of each (default: %(default)s)")
    rounds = parser.parse_args().rounds
    found = {str(size): medians(size, rounds) for size in SIZES}
    result: common.Result = {"settings": {"rounds": rounds}, "milliseconds": found}
    print(f"{tables(result)}\n\nKept in {common.save('request_bodies', result)}")


if __name__ == "__main__":
    main()
