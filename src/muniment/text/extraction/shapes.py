"""What a page schema says about one place in an answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Path = tuple[str | int, ...]
"""Where a value stands: names of properties and, from 0, indices of items, outermost first."""


@dataclass(frozen=True)
class Shape:
    """The alternatives for a value, with references followed; none where the schema says nothing."""

    page: Mapping[str, Any]
    options: tuple[Mapping[str, Any], ...]

    @classmethod
    def whole(cls, page: Mapping[str, Any]) -> "Shape":
        """What a page's answer as a whole may be."""
        return cls._of(page, [page])

    @classmethod
    def _of(cls, page: Mapping[str, Any], schemas: Sequence[Any]) -> "Shape":
        options, waiting, followed = list[Mapping[str, Any]](), list(reversed(schemas)), set[str]()
        while waiting:
            schema = waiting.pop()
            if "$ref" in schema:
                if schema["$ref"] not in followed:
                    followed.add(schema["$ref"])
                    name = schema["$ref"].removeprefix("#/$defs/")
                    waiting.append(page["$defs"][name] if name != "#" else page)
            elif "anyOf" in schema:
                waiting += reversed(schema["anyOf"])
            else:
                options.append(schema)
        return cls(page, tuple(options))

    @property
    def names(self) -> list[str]:
        """The properties that an object here may have, in the schema's order."""
        return list(dict.fromkeys(name for option in self.options for name in option.get("properties", ())))

    @property
    def is_tuple(self) -> bool:
        """Whether a list here has its places fixed, and is one value."""
        return any("prefixItems" in option for option in self.options)

    @property
    def takes_null(self) -> bool:
        return not self.options or any(
            ("type" not in option or option["type"] == "null" or "null" in option["type"])
            and ("enum" not in option or None in option["enum"])
            and option.get("const") is None
            for option in self.options
        )

    def spells(self, text: str) -> bool:
        """Whether the schema itself has ``text`` for a value."""
        return any(text in option.get("enum", ()) or option.get("const") == text for option in self.options)

    def at(self, step: str | int) -> "Shape":
        """What the schema says about a property or an item."""
        return self._of(self.page, [inner for option in self.options for inner in _inner(option, step)])


def _inner(option: Mapping[str, Any], step: str | int) -> list[Any]:
    if isinstance(step, str):
        inner = option.get("properties", {}).get(step, option.get("additionalProperties"))
    else:
        fixed = option.get("prefixItems", ())
        inner = fixed[step] if step < len(fixed) else option.get("items")
    return [inner] if isinstance(inner, Mapping) else []


def told(shape: Shape, path: Path) -> str:
    """``path`` for people: ``lines[2].price``; "" for the whole.

    A name that only the document has becomes ``*``, so that no content is in a message.
    """
    parts: list[str] = []
    for step in path:
        if isinstance(step, int):
            parts.append(f"[{step}]")
        else:
            parts.append(f".{step if step in shape.names else '*'}")
        shape = shape.at(step)
    return "".join(parts).removeprefix(".")
