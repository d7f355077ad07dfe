"""What a request takes of its key's pages a day: those that it had read, and no others."""

from collections.abc import Iterator
from contextlib import contextmanager

from muniment.server.call import Call
from muniment.server.service import Service


@contextmanager
def charged(call: Call, service: Service, pages: int) -> Iterator[None]:
    """Count ``pages`` towards the key's day; those that the request's account does not have at the end are given back.

    Raises:
        ApiError: there are more than the key may have.
    """
    charge = service.gate.charge(call.key, pages)
    try:
        yield
    finally:
        service.gate.give_back(charge, pages - call.account.pages)
