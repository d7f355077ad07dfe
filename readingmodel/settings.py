"""The model's shape, and how it is trained."""

from dataclasses import dataclass

from readingmodel import alphabet
from readingmodel.pages import PageKind


@dataclass(frozen=True, slots=True)
class Shape:
    """Sizes of the network, named as in the configuration of Qwen2.5-VL.

    Attributes:
        window: side of the encoder's windows in merged patches.
        full: which of the encoder's layers see the whole page.
        rotary: how the decoder's head is divided among time, height and width.
    """

    vision_hidden: int = 320
    vision_depth: int = 7
    vision_intermediate: int = 896
    vision_heads: int = 5
    window: int = 8
    full: tuple[int, ...] = (3, 6)
    hidden: int = 320
    depth: int = 6
    intermediate: int = 896
    heads: int = 5
    rotary: tuple[int, int, int] = (8, 12, 12)
    rotary_base: float = 10_000.0
    tokens: int = len(alphabet.VOCABULARY)


SMALL = Shape(vision_hidden=128, vision_depth=4, vision_intermediate=320, vision_heads=2, full=(1, 3),
              hidden=128, depth=4, intermediate=320, heads=2)  # fmt: skip
"""For trials on a machine without a GPU."""

LINES = PageKind(448, 224, 200)
BLOCKS = PageKind(896, 448, 760)
PAGES = PageKind(896, 1260, 2040, small=12.5, furnished=True)
SLIPS = PageKind(448, 224, 240, small=13.0, large=19.0, slip=True)
KINDS = {"slips": SLIPS, "lines": LINES, "blocks": BLOCKS, "pages": PAGES}


@dataclass(frozen=True, slots=True)
class Stage:
    """A part of the training.

    Attributes:
        until: the share of the whole training's time at which it ends.
        kinds: how often a batch of each kind comes.
        teaching: weight of what the encoder is taught directly, at the stage's beginning and end.
    """

    until: float
    kinds: dict[str, float]
    teaching: tuple[float, float]


STAGES = (
    Stage(0.08, {"lines": 1.0}, (1.0, 1.0)),
    Stage(0.20, {"lines": 0.1, "blocks": 0.9}, (1.0, 0.5)),
    Stage(0.60, {"blocks": 0.05, "slips": 0.1, "pages": 0.85}, (0.5, 0.2)),
    Stage(1.00, {"blocks": 0.05, "slips": 0.1, "pages": 0.85}, (0.2, 0.0)),
)
BATCH = {"slips": 256, "lines": 256, "blocks": 64, "pages": 24}
