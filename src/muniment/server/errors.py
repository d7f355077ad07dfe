"""What the service answers to a request that it does not serve."""

from typing import Any


class ApiError(Exception):
    """A refusal or a failure, as the client gets to see it, in OpenAI's form.

    Nothing of a document, a key or a header's value is in it: of a request it names fields, never their values.

    Attributes:
        status: the HTTP status.
        type: OpenAI's: "invalid_request_error", "authentication_error", "permission_error", "not_found_error",
            "rate_limit_error", "overloaded_error" or "server_error".
        message: what is wrong and what to do about it.
        param: the request's field that it is about, as "messages[0].content"; None if it is about none.
        code: one word for programs; None if there is none.
        retry_after: seconds to wait before the same request; None if waiting does not help.
    """

    def __init__(
        self,
        status: int,
        type: str,  # noqa: A002 - OpenAI's word
        message: str,
        param: str | None = None,
        code: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.type = type
        self.message = message
        self.param = param
        self.code = code
        self.retry_after = retry_after

    def headers(self) -> dict[str, str]:
        """The answer's headers, beside those that every answer has."""
        return {} if self.retry_after is None else {"retry-after": str(max(1, round(self.retry_after)))}

    def body(self) -> dict[str, Any]:
        """The answer's JSON."""
        return {"error": {"message": self.message, "type": self.type, "param": self.param, "code": self.code}}


class KeyNeeded(ApiError):
    """A 401, with the challenge that RFC 6750 wants.

    Args:
        is_shown: whether a key was shown, which then does not count.
    """

    def __init__(self, *, is_shown: bool) -> None:
        message = "A key is needed: Authorization: Bearer mun_…"
        self._challenge = 'Bearer realm="muniment"'
        if is_shown:
            message = "The key is unknown, expired or revoked"
            self._challenge += f', error="invalid_token", error_description="{message}"'
        super().__init__(401, "authentication_error", message, code="invalid_api_key")

    def headers(self) -> dict[str, str]:
        return {"www-authenticate": self._challenge}
