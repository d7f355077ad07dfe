"""What Muniment's own client makes of the answers of engines that are made up."""

from muniment.engines.image import EncodedImage
from muniment.engines.openai import ChatClient, ChatRequest, Completion, Endpoint, EngineTrouble


async def asked(address: str, model: str, image: str = "AAAA") -> Completion | EngineTrouble:
    """What comes of sending an image, in base64, within half a second."""
    request = ChatRequest(
        prompt="Read this.",
        images=(EncodedImage(image, "image/png", 1, 1),),
        temperature=0,
        max_tokens=16,
        repetition_penalty=1,
    )
    client = ChatClient(Endpoint.parse(address), model)
    try:
        return await client.complete(request, 0.5)
    except EngineTrouble as trouble:
        return trouble
    finally:
        await client.aclose()
