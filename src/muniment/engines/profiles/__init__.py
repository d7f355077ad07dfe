"""Profiles: how to ask a vision-language model for a page, one small TOML file each.

Those that come with Muniment lie beside this module. A user's own lie in ``$XDG_CONFIG_HOME/muniment/profiles`` (by
default ``~/.config/muniment/profiles``) and go before them; a path to a file works too.
"""

import os
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from muniment.engines.image import ImageLimits
from muniment.errors import UsageError

DEFAULT_PROFILE = "nanonets-ocr2"
_QUESTION = (
    "{question}\n\nAnswer from this page alone. If the page does not tell, answer with these words and no others: "
    "Not mentioned."
)
_EXTRACTION = (
    "Extract the data that this page holds, as JSON that follows the JSON schema below. Copy values as they are "
    "printed, and give null for everything that is not on this page.\n\n{schema}"
)


class Profile(BaseModel):
    """How a model is asked for a page and what it answers in.

    Attributes:
        name: the file's, without ".toml".
        prompt: what is asked of each page that is to be read.
        question: what is asked of each page that is to be asked something; "{question}" stands for that.
        absent: what the model then answers if the page does not tell.
        extraction: what is asked of each page that data is to be taken from; "{schema}" stands for its JSON schema.
        system: a system turn before it; "" for none.
        markup: the dialect of the answers: "nanonets" is Markdown with HTML tables and tags for images, signatures,
            watermarks and page numbers.
        temperatures: one attempt each, in order.
        repetition_penalty: sent with every request, as servers otherwise use the model's own.
        max_tokens: most tokens of an answer; less where the served context leaves less.
        image: how large a page image may be.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    prompt: Annotated[str, Field(min_length=1)]
    question: Annotated[str, Field(pattern=r"\{question\}")] = _QUESTION
    absent: Annotated[str, Field(min_length=1)] = "Not mentioned."
    extraction: Annotated[str, Field(pattern=r"\{schema\}")] = _EXTRACTION
    system: str = ""
    markup: Literal["nanonets"] = "nanonets"
    temperatures: Annotated[tuple[Annotated[float, Field(ge=0, le=2)], ...], Field(min_length=1, max_length=8)] = (
        0.0,
        0.2,
        0.5,
    )
    repetition_penalty: Annotated[float, Field(ge=0.5, le=2)] = 1.0
    max_tokens: Annotated[int, Field(ge=16)] = 15_000
    image: ImageLimits = ImageLimits()


def load_profile(name: str) -> Profile:
    """The profile ``name``, or in the file ``name`` if it ends in ".toml".

    Raises:
        UsageError: there is none, or it makes no sense.
    """
    path = Path(name) if name.endswith(".toml") else _find(name)
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
        return Profile.model_validate({**values, "name": path.stem})
    except OSError as error:
        raise UsageError(f"The profile {path} cannot be read: {error.strerror}", "Check its path.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"The profile {path} is not TOML: {error}", "Mend it, or choose another.") from None
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(map(str, first["loc"])) or "the file"
        raise UsageError(
            f"The profile {path} is wrong at {field}: {first['msg']}", "Mend it, or choose another."
        ) from None


def profile_names() -> list[str]:
    """Every profile there is, sorted."""
    return sorted({path.stem for folder in _folders() for path in folder.glob("*.toml")})


def _find(name: str) -> Path:
    for folder in _folders():
        path = folder / f"{name}.toml"
        if "/" not in name and path.is_file():
            return path
    raise UsageError(
        f"There is no profile {name!r}", f"Choose one of {', '.join(profile_names())}, or name a .toml file."
    )


def _folders() -> tuple[Path, Path]:
    config = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(config) / "muniment" / "profiles", Path(str(files("muniment.engines.profiles")))
