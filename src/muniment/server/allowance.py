"""What a request takes of its key's pages a day: those that it had read, and no others."""

from muniment.server.call import Call
from muniment.server.service import Service


def charge(call: Call, service: Service, pages: int) -> None:
    """Count ``pages`` towards the key's day; those that its account does not have at the request's end are given back.

    Raises:
        ApiError: there are more than the key may have.
    """
    charged = service.gate.charge(call.key, pages)
    call.account.asked = pages
    call.held.callback(lambda: service.gate.give_back(charged, pages - call.account.pages))
