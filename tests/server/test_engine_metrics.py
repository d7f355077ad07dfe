"""What several engines count, as one text that Prometheus can read."""

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from muniment.server.engine_metrics import joined

TOLD = """# HELP vllm:requests Requests.
# TYPE vllm:requests counter
vllm:requests_total{model="ocr"} %d
# TYPE vllm:seconds histogram
vllm:seconds_bucket{le="1"} 2
vllm:seconds_bucket{le="+Inf"} 3
vllm:seconds_count 3
vllm:seconds_sum 2.5
"""


def samples(text: bytes) -> set[tuple[str, tuple[tuple[str, str], ...], float]]:
    families = text_string_to_metric_families(text.decode())
    return {
        (sample.name, tuple(sorted(sample.labels.items())), sample.value)
        for family in families
        for sample in family.samples
    }


def test_engines_are_told_apart_and_their_own_labels_stay() -> None:
    found = samples(joined({"unix:/a": TOLD % 1, "unix:/b": TOLD % 2}))
    assert ("vllm:requests_total", (("model", "ocr"), ("muniment_engine", "unix:/a")), 1.0) in found
    assert ("vllm:requests_total", (("model", "ocr"), ("muniment_engine", "unix:/b")), 2.0) in found
    assert ("vllm:seconds_bucket", (("le", "+Inf"), ("muniment_engine", "unix:/a")), 3.0) in found
    assert len(found) == 10


def test_what_makes_no_sense_is_left_out_and_the_rest_told() -> None:
    assert samples(joined({"a": "{{{ nonsense", "b": TOLD % 1})) == samples(joined({"b": TOLD % 1}))
    assert joined({"a": "", "b": ""}).strip() == b""


@given(st.text(), st.text())
def test_whatever_an_engine_says_what_another_says_is_told(nonsense: str, name: str) -> None:
    found = samples(joined({f"x{name}": nonsense, "b": TOLD % 1}))
    assert ("vllm:requests_total", (("model", "ocr"), ("muniment_engine", "b")), 1.0) in found
