"""What the service says of its routes, for programs and for people."""

from muniment.server.answer import Answer, json_answer
from muniment.server.call import Call
from muniment.server.service import Service


async def openapi(_call: Call, _service: Service) -> Answer:
    """GET /openapi.json."""
    from muniment.server.openapi.document import openapi as document

    return json_answer(document())


async def page(_call: Call, _service: Service) -> Answer:
    """GET /docs."""
    from muniment.server.openapi.page import page as made
    from muniment.server.openapi.page import policy

    return Answer(body=made(), kind="text/html; charset=utf-8", headers={"content-security-policy": policy()})
