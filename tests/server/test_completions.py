"""Requests for completions: what goes on to the engine, and what does not."""

from typing import Any

import pytest

from muniment.server.chat import check_completion
from tests.server.chat_bodies import CAPS, PROMPT, going_on, refused_completion


@pytest.mark.parametrize("prompt", ["Once", ["Once"]])
def test_a_completion_goes_on_with_its_prompt(prompt: Any) -> None:
    call = check_completion({"model": "m", "prompt": prompt, "logprobs": 2, "max_tokens": 10**6}, CAPS)
    assert going_on(call) == {
        "model": "served",
        "cache_salt": "salt",
        "prompt": "Once",
        "stream": False,
        "logprobs": 2,
        "max_tokens": 32_768,
    }


def test_a_completion_of_no_said_length_has_the_engines_default() -> None:
    assert "max_tokens" not in going_on(check_completion(PROMPT, CAPS), 8_000)


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"prompt": None}, "prompt"),
        ({"prompt": ["a", "b"]}, "prompt"),
        ({"prompt": [1, 2]}, "prompt"),
        ({"prompt": [[1]]}, "prompt"),
        ({"prompt": "x" * 400_001}, "prompt"),
        ({"messages": []}, "messages"),
        ({"max_completion_tokens": 5}, "max_completion_tokens"),
        ({"logprobs": True}, "logprobs"),
        ({"n": 2}, "n"),
        ({"model": None}, "model"),
    ],
)
def test_a_wrong_value_of_a_completion_is_refused_under_its_name(change: dict[str, Any], param: str) -> None:
    assert refused_completion({**PROMPT, **change}).param == param
