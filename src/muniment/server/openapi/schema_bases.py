"""What the models that describe requests and answers have in common. They describe; what checks stands elsewhere."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class Asked(BaseModel):
    """A part of a request: what is not named is refused."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


class Told(BaseModel):
    """A part of an answer: all of it is always there."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


class Passed(BaseModel):
    """A part of an answer that a model's server may have given, and put more into."""

    model_config = ConfigDict(extra="allow", use_attribute_docstrings=True)


Count = Annotated[int, Field(ge=0)]
FileId = Annotated[str, Field(pattern="^file_[0-9a-f]{32}$")]
DocumentId = Annotated[str, Field(pattern="^doc_[0-9a-f]{32}$")]
