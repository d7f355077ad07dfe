"""A refusal reads as OpenAI's do."""

from muniment.server.errors import ApiError


def test_a_body_has_the_four_fields_of_openai() -> None:
    error = ApiError(400, "invalid_request_error", "'n' has to be 1", "n", "invalid_value")
    assert error.body() == {
        "error": {"message": "'n' has to be 1", "type": "invalid_request_error", "param": "n", "code": "invalid_value"}
    }


def test_what_is_not_known_is_null() -> None:
    error = ApiError(429, "rate_limit_error", "Too many requests", retry_after=1.5)
    assert error.body()["error"] == {
        "message": "Too many requests",
        "type": "rate_limit_error",
        "param": None,
        "code": None,
    }
    assert (error.status, error.retry_after, str(error)) == (429, 1.5, "Too many requests")
