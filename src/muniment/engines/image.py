"""Page images on their way to a model: how large they may be, and what they are once encoded."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


class ImageLimits(BaseModel):
    """How large a page image the model gets. It keeps its proportions.

    Attributes:
        longest_side: pixels; pages are rendered or scaled to this, but not beyond what the document holds.
        most_pixels: in all.
        multiple: sides are made multiples of this by white at the right and bottom, so that the engine resizes nothing.
        format: how the image is encoded for the way to the engine.
        quality: of JPEG, 1 to 95.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    longest_side: Annotated[int, Field(ge=56, le=8192)] = 1764
    most_pixels: Annotated[int, Field(ge=3136, le=12_845_056)] = 3_211_264
    multiple: Annotated[int, Field(ge=1, le=64)] = 28
    format: Literal["jpeg", "png"] = "jpeg"
    quality: Annotated[int, Field(ge=1, le=95)] = 90


@dataclass(frozen=True, slots=True)
class EncodedImage:
    """A page image ready to be sent.

    Attributes:
        base64: its encoded bytes, as they stand in a data URL.
        mime: "image/jpeg" or "image/png".
        width, height: pixels.
    """

    base64: str
    mime: str
    width: int
    height: int
