"""Which services are engines: what runs a model for others, and is held to stricter rules for it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from muniment.seal.lint.services import Service, Word


@dataclass(frozen=True, slots=True)
class EngineKind:
    """A program that serves models.

    Attributes:
        image: a word of an image's last name that tells it.
        program: words of a command that tell it.
        uses_hub: it fetches models and their files from the Hugging Face hub if nothing stops it.
    """

    name: str
    image: re.Pattern[str]
    program: re.Pattern[str]
    uses_hub: bool = True


def _kind(name: str, image: str, program: str, *, uses_hub: bool = True) -> EngineKind:
    return EngineKind(name, re.compile(image), re.compile(program), uses_hub)


KINDS = (
    _kind("vLLM", "vllm|aphrodite", r"vllm|vllm\.entrypoints\..*|aphrodite\..*"),
    _kind("SGLang", "sglang", r"sglang|sglang\.launch_server"),
    _kind("TGI", "text-generation-inference|tgi", "text-generation-(launcher|router)"),
    _kind("TEI", "text-embeddings-inference|tei", "text-embeddings-router"),
    _kind("LMDeploy", "lmdeploy", "lmdeploy"),
    _kind("Triton", "tritonserver|tensorrt-llm|trtllm", "tritonserver|trtllm-serve"),
    _kind(
        "llama.cpp",
        r"llama\.cpp|llama-cpp|llama-server|llamacpp|llamafile|koboldcpp",
        "llama-server|llamafile",
        uses_hub=False,
    ),
    _kind("Ollama", "ollama", "ollama", uses_hub=False),
    _kind("LocalAI", "localai|local-ai", "local-ai", uses_hub=False),
    _kind("Xinference", "xinference", "xinference(-local|-worker|-supervisor)?"),
    _kind("TabbyAPI", "tabbyapi|tabby-api|exllama(v[23])?", "tabbyapi"),
)
"""Engines that people run in containers; the first that fits counts."""

_ABOUT_ENGINES = re.compile(
    "router|exporter|proxy|gateway|ui|webui|web|client|dashboard|metrics|bench|benchmark|monitor|downloader|init"
)
"""Words in the names of images that go with an engine and are none."""
_OURS = re.compile(r"(.*/)?muniment/engine(-cpu)?")
_NO_ENGINE = {"true", "sleep", "echo", "hf", "huggingface-cli"}
"""Entry points that make another thing of an engine's image, like one that fetches models."""
_OFF = {"0", "false", "no", "off"}
_RUN_NEXT = re.compile("-[a-z]*c|-m|exec|env|nohup|time|uv|run|then|else|do")
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=.*", re.DOTALL)
_ENGINES_LABEL = "muniment.engines"


def engines_among(services: Mapping[str, Service]) -> dict[str, EngineKind]:
    """The services that are engines, and what they run."""
    named = {
        one.partition("=")[0] for service in services.values() for one in service.labels.get(_ENGINES_LABEL, "").split()
    }
    found = {}
    for name, service in services.items():
        entry = service.texts("entrypoint")
        kind = _of_command(service.words)
        if kind is None and entry and entry[0].text.split(" ")[0].rpartition("/")[2] in _NO_ENGINE:
            continue
        kind = _of_image(image_name(service)) or kind
        if kind is None and (name in named or _OURS.fullmatch(image_name(service))):
            kind = KINDS[0]
        if kind is not None:
            found[name] = kind
    return found


def image_name(service: Service) -> str:
    """The image without tag and digest; "" where there is none."""
    image = service.scalar("image")
    name = image.text.partition("@")[0] if image else ""
    head, slash, last = name.rpartition("/")
    return head + slash + last.partition(":")[0]


def image_tag(service: Service) -> str:
    """The image's tag; "" where there is none."""
    image = service.scalar("image")
    return image.text.partition("@")[0].rpartition("/")[2].partition(":")[2] if image else ""


def _of_image(name: str) -> EngineKind | None:
    last = name.rpartition("/")[2].lower()
    if any(_ABOUT_ENGINES.fullmatch(word) for word in re.split("[-_.]", last)):
        return None
    return next((kind for kind in KINDS if re.search(rf"(?<![a-z])({kind.image.pattern})(?![a-z])", last)), None)


def _of_command(words: tuple[Word, ...]) -> EngineKind | None:
    """Of what is run: the first word, or one behind a shell, an interpreter, another command or its variables."""
    is_run = True
    for word in words:
        program = word.text.rpartition("/")[2]
        if is_run:
            for kind in KINDS:
                if kind.program.fullmatch(program):
                    return kind
            if _ASSIGNMENT.fullmatch(word.text):
                continue
        is_run = word.ends_command or _RUN_NEXT.fullmatch(word.text) is not None
    return None


@dataclass(frozen=True, slots=True)
class Options:
    """The options of a command. Engines take ``_`` for ``-`` in them."""

    words: tuple[Word, ...]

    def find(self, name: str) -> tuple[Word, str | None] | None:
        """The last word that is the option, and its value; None where it is not given.

        A value is what stands behind "=", or the next word unless that is an option or another command begins.
        """
        found = None
        for number, word in enumerate(self.words):
            option, equals, value = word.text.partition("=")
            if option.replace("_", "-") != name:
                continue
            following = self.words[number + 1] if number + 1 < len(self.words) else None
            is_last = following is None or following.ends_command or following.text.startswith("--")
            found = word, value if equals else None if is_last or following is None else following.text
        return found

    def switch(self, name: str) -> Word | None:
        """The word that switches something on; None where nothing does, or a later one switches it off."""
        on = None
        for word in self.words:
            option, _, value = word.text.replace("_", "-").partition("=")
            if option == name:
                on = None if value.lower() in _OFF else word
            elif option == f"--no-{name.removeprefix('--')}":
                on = None
        return on

    def value(self, name: str) -> str | None:
        """The value of an option; None where it has none."""
        found = self.find(name)
        return found[1] if found else None
