"""How much of a list is wanted, as the query says."""

from muniment.server.call import Call
from muniment.server.errors import ApiError


def whole_number(call: Call, param: str, usual: int, least: int, most: int) -> int:
    """A whole number of the query, or the nearest one that is allowed. Raises ApiError if it is no number."""
    try:
        return min(most, max(least, int(call.query.get(param, usual))))
    except ValueError:
        raise ApiError(400, "invalid_request_error", "That is no number", param=param) from None
