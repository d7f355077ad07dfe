"""Rules about engines: what they fetch, send, run and tell, and about whatever reports to its makers."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from muniment.seal.lint.engines import EngineKind, Options, image_name, image_tag
from muniment.seal.lint.reach import Out
from muniment.seal.lint.rule import Hit, Rule, Severity, Subject
from muniment.seal.lint.services import Service, Variable
from muniment.seal.lint.storage import Kind
from muniment.seal.lint.tree import Place

_ON, _OFF = {"1", "true", "yes", "on"}, {"0", "false", "no", "off"}
_OFFLINE = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")
_TOKENS = ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HUGGINGFACE_HUB_TOKEN", "HUGGINGFACE_TOKEN")
_UNSAFE = ("VLLM_SERVER_DEV_MODE", "VLLM_ALLOW_INSECURE_SERIALIZATION", "VLLM_ALLOW_RUNTIME_LORA_UPDATING")
_TRUSTING = ("TRUST_REMOTE_CODE", "VLLM_TRUST_REMOTE_CODE", "HF_TRUST_REMOTE_CODE")
_TELLING = ("--enable-log-requests", "--enable-log-outputs", "--log-requests")
_MODEL_OPTIONS = {
    "vLLM": ("--model",),
    "SGLang": ("--model-path", "--model"),
    "TGI": ("--model-id",),
    "TEI": ("--model-id",),
    "llama.cpp": ("-hf", "-hfr", "--hf-repo", "-mu", "--model-url"),
}
_MODEL_VARIABLES = {
    "TGI": ("MODEL_ID",),
    "TEI": ("MODEL_ID",),
    "llama.cpp": ("LLAMA_ARG_HF_REPO", "LLAMA_ARG_MODEL_URL"),
}
_VLLM_MENDED = (0, 33, 0)
"""The version of vLLM that mends what was publicly known by the end of 2026: CVE-2026-130686 (a request with many
images exhausts it), CVE-2026-48746 (0.22.0), CVE-2026-22778 (0.14.1) and others."""
_VERSION = re.compile(r"v?(\d+)\.(\d+)\.(\d+)(?![\d.])")


@dataclass(frozen=True, slots=True)
class _Telemetry:
    """What reports to its makers unless a variable says otherwise.

    Attributes:
        variables: each of them suffices; with the values that switch it off.
    """

    image: re.Pattern[str]
    variables: tuple[tuple[str, frozenset[str]], ...]


def _telemetry(image: str, *variables: str, off: set[str]) -> _Telemetry:
    return _Telemetry(re.compile(image), tuple((name, frozenset(off)) for name in variables))


_REPORTING = (
    _telemetry(r"(.*/)?grafana/grafana(-oss|-enterprise)?", "GF_ANALYTICS_REPORTING_ENABLED", off=_OFF),
    _telemetry(r"(.*/)?langfuse/langfuse(-worker)?", "TELEMETRY_ENABLED", off=_OFF),
    _telemetry(r"(.*/)?qdrant/qdrant", "QDRANT__TELEMETRY_DISABLED", off=_ON),
    _telemetry(r"(.*/)?semitechnologies/weaviate", "DISABLE_TELEMETRY", off=_ON),
    _telemetry(r"(.*/)?getmeili/meilisearch", "MEILI_NO_ANALYTICS", off=_ON),
    _telemetry(r"(.*/)?n8nio/n8n", "N8N_DIAGNOSTICS_ENABLED", off=_OFF),
    _telemetry(r"(.*/)?mintplexlabs/anythingllm", "DISABLE_TELEMETRY", off=_ON),
    _telemetry(r"(.*/)?metabase/metabase", "MB_ANON_TRACKING_ENABLED", off=_OFF),
)
_QUIET = {"--disable-telemetry", "--no-analytics"}
"""Options that do the same, of Qdrant and Meilisearch."""
_SWITCHES = {
    **{name: off for one in _REPORTING for name, off in one.variables},
    **dict.fromkeys(("DO_NOT_TRACK", "VLLM_NO_USAGE_STATS", "HF_HUB_DISABLE_TELEMETRY", "SCARF_NO_ANALYTICS"), _ON),
    "ANONYMIZED_TELEMETRY": _OFF,
}
"""Variables that switch telemetry, and the values that switch it off."""


def _is_on(service: Service, name: str) -> bool:
    variable = service.environment.get(name)
    return variable is not None and (variable.text or "").strip().lower() in _ON


def _place(service: Service, name: str) -> Place:
    """Where a variable is set, or where it could be."""
    variable = service.environment.get(name)
    return variable.place if variable else service.place_of("environment")


def _vllms(subject: Subject) -> Iterator[tuple[Service, Options]]:
    for service, kind in subject.engine_services():
        if kind.name == "vLLM":
            yield service, Options(service.words)


def _not_offline(subject: Subject) -> Iterator[Hit]:
    for service, kind in subject.engine_services():
        missing = [name for name in _OFFLINE if not _is_on(service, name)]
        if kind.uses_hub and missing:
            place = _place(service, next((name for name in missing if name in service.environment), missing[0]))
            yield Hit(place, service.name, f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} not 1")


def _model(subject: Subject) -> Iterator[Hit]:
    for service, kind in subject.engine_services():
        if _is_on(service, "HF_HUB_OFFLINE"):
            continue  # it takes what was fetched before
        options = Options(service.words)
        for name in _MODEL_OPTIONS.get(kind.name, ()):
            found = options.find(name)
            if found and found[1] and _is_name(found[1]):
                yield Hit(subject.place_of(found[0]), service.name, f"the model {found[1]} is named, not a folder")
        for name in _MODEL_VARIABLES.get(kind.name, ()):
            variable = service.environment.get(name)
            if variable and _is_name(variable.text or ""):
                yield Hit(variable.place, service.name, f"{name} names a model, not a folder")
        for word, following in zip(service.words, service.words[1:], strict=False):
            if kind.name == "vLLM" and word.text == "serve" and _is_name(following.text):
                yield Hit(
                    subject.place_of(following), service.name, f"the model {following.text} is named, not a folder"
                )


def _is_name(model: str) -> bool:
    """Whether it is a hub's name or an address, and no path."""
    return "/" in model and not model.startswith(("/", ".", "~", "-"))


def _telemetry_on(subject: Subject) -> Iterator[Hit]:
    for service in subject.project.services.values():
        kind = subject.engines.get(service.name)
        if kind is None and subject.reaches[service.name].out not in {Out.YES, Out.UNKNOWN}:
            continue
        yield from _switched_on(service)
        yield from _reporting(service, kind)


def _switched_on(service: Service) -> Iterator[Hit]:
    for name, variable in service.environment.items():
        off = _SWITCHES.get(name)
        if off and variable.text and variable.text.strip().lower() not in off and not variable.unknown:
            yield Hit(variable.place, service.name, f"{name} leaves it on")


def _reporting(service: Service, kind: EngineKind | None) -> Iterator[Hit]:
    if kind and kind.name == "vLLM" and not _has_any(service, ("VLLM_NO_USAGE_STATS", "DO_NOT_TRACK")):
        yield Hit(service.place_of("environment"), service.name, "vLLM reports its use unless VLLM_NO_USAGE_STATS is 1")
    if kind and kind.name == "TGI" and not _tgi_is_quiet(service):
        yield Hit(service.place_of("environment"), service.name, "TGI reports its use unless USAGE_STATS is off")
    name = image_name(service)
    for one in _REPORTING:
        names = [variable for variable, _ in one.variables]
        quiet = any(word.text in _QUIET for word in service.words)
        if one.image.fullmatch(name) and not quiet and not _has_any(service, names):
            yield Hit(service.place_of("environment"), service.name, f"it reports its use; {names[0]} is not set")


def _has_any(service: Service, names: tuple[str, ...] | list[str]) -> bool:
    """Whether one of them is set; to what, is judged where it is set."""
    found: list[Variable | None] = [service.environment.get(name) for name in names]
    return any(variable is not None and variable.text for variable in found)


def _tgi_is_quiet(service: Service) -> bool:
    variable = service.environment.get("USAGE_STATS")
    return "off" in {Options(service.words).value("--usage-stats"), variable.text if variable else None}


def _remote_code(subject: Subject) -> Iterator[Hit]:
    for service in subject.project.services.values():
        word = Options(service.words).switch("--trust-remote-code")
        if word:
            yield Hit(subject.place_of(word), service.name, f"{word.text} runs what comes with a model")
        for name in _TRUSTING:
            if _is_on(service, name):
                yield Hit(_place(service, name), service.name, f"{name} runs what comes with a model")


def _weights(subject: Subject) -> Iterator[Hit]:
    for service, options in _vllms(subject):
        chosen = options.value("--load-format")
        if chosen in {None, "auto", "pt", "npcache"}:
            found = options.find("--load-format")
            place = subject.place_of(found[0]) if found else service.place_of("command")
            yield Hit(place, service.name, f"--load-format is {chosen or 'not given'}, which takes pickle too")


def _media(subject: Subject) -> Iterator[Hit]:
    for service, options in _vllms(subject):
        if not options.value("--allowed-media-domains"):
            place = service.place_of("command")
            yield Hit(place, service.name, "without --allowed-media-domains it fetches any address in a request")


def _local_media(subject: Subject) -> Iterator[Hit]:
    for service, options in _vllms(subject):
        found = options.find("--allowed-local-media-path")
        if found and found[1]:
            yield Hit(subject.place_of(found[0]), service.name, f"requests may name files in {found[1]}")


def _unsafe(subject: Subject) -> Iterator[Hit]:
    for service, _ in subject.engine_services():
        for name in _UNSAFE:
            if _is_on(service, name):
                yield Hit(_place(service, name), service.name, f"{name} is on")


def _telling(subject: Subject) -> Iterator[Hit]:
    for service, _ in subject.engine_services():
        options = Options(service.words)
        for name in _TELLING:
            word = options.switch(name)
            if word:
                yield Hit(subject.place_of(word), service.name, f"{word.text} logs what is read")
        level = service.environment.get("VLLM_LOGGING_LEVEL")
        if level and (level.text or "").upper() == "DEBUG":
            yield Hit(level.place, service.name, "VLLM_LOGGING_LEVEL=DEBUG logs requests")


def _tokens(subject: Subject) -> Iterator[Hit]:
    for service, _ in subject.engine_services():
        for name in _TOKENS:
            variable = service.environment.get(name)
            if variable and variable.text != "":
                yield Hit(variable.place, service.name, f"{name} is given to it")
            elif variable and variable.unknown:
                yield Hit(variable.place, service.name, f"{name} is given to it, if whoever runs it has one")


def _volumes(subject: Subject) -> Iterator[Hit]:
    for service, _ in subject.engine_services():
        for mount in service.mounts:
            volume = subject.project.volumes.get(mount.source)
            stays = volume is None or not volume.in_memory
            if mount.kind is not Kind.OTHER and mount.source and not mount.read_only and stays:
                yield Hit(mount.place, service.name, f"it may write to {mount.written}")


def _outdated(subject: Subject) -> Iterator[Hit]:
    for service, _ in _vllms(subject):
        image = service.scalar("image")
        found = _VERSION.match(image_tag(service))
        if image and found and image_name(service).rpartition("/")[2].startswith("vllm-openai"):
            version = tuple(map(int, found.groups()))
            if version < _VLLM_MENDED:
                told = ".".join(map(str, _VLLM_MENDED))
                yield Hit(image.place, service.name, f"vLLM {found[0]} has known holes; {told} mends them")


RULES = (
    Rule(
        id="remote-code-trusted",
        severity=Severity.ERROR,
        title="Code that comes with a model is run",
        why="Whoever publishes the model, or changes it on the way, runs programs where documents are read.",
        fix="Take the option away. Models that engines know, Qwen2.5-VL among them, need none.",
        check=_remote_code,
    ),
    Rule(
        id="engine-unsafe-switch",
        severity=Severity.ERROR,
        title="An engine is made for developers, not for use",
        why="Requests may load code, weights and pickled objects, or call functions inside of the engine.",
        fix="Take the variable away.",
        check=_unsafe,
    ),
    Rule(
        id="engine-outdated",
        severity=Severity.WARNING,
        title="An engine has known holes",
        why="A document or a request that was made for it takes it over or ends it; the recipes are public.",
        fix="Take a newer image.",
        check=_outdated,
    ),
    Rule(
        id="engine-not-offline",
        severity=Severity.WARNING,
        title="An engine is not told to stay offline",
        why="It asks the hub for files and for newer ones, so it tells outside what it runs, takes what it gets, and "
        "hangs at its start where there is no way out. Compose passes on no variable that the file does not list.",
        fix='Set "HF_HUB_OFFLINE: 1" and "TRANSFORMERS_OFFLINE: 1", and give it a model\'s folder.',
        check=_not_offline,
    ),
    Rule(
        id="engine-fetches-model",
        severity=Severity.NOTE,
        title="An engine fetches its model by name",
        why="What the name stands for can be another model tomorrow; nobody has looked at the one that comes.",
        fix="Fetch it once, verify it, and mount its folder read-only.",
        check=_model,
    ),
    Rule(
        id="telemetry-on",
        severity=Severity.WARNING,
        title="A service reports its use",
        why="What runs here, how much of it and on what, is sent to its makers, again and again.",
        fix="Set the variable that switches it off.",
        check=_telemetry_on,
    ),
    Rule(
        id="media-from-anywhere",
        severity=Severity.WARNING,
        title="Requests make an engine fetch addresses",
        why="A request names a service of the network, or http://169.254.169.254/, as its image, and gets it read.",
        fix="Give --allowed-media-domains one that cannot exist, like none.invalid, and set "
        "VLLM_MEDIA_URL_ALLOW_REDIRECTS to 0.",
        check=_media,
    ),
    Rule(
        id="media-from-files",
        severity=Severity.WARNING,
        title="Requests make an engine open files",
        why="A request names a file in that folder as its image, and is told what it shows.",
        fix="Take --allowed-local-media-path away.",
        check=_local_media,
    ),
    Rule(
        id="engine-logs-content",
        severity=Severity.WARNING,
        title="An engine logs what it reads",
        why="Documents stand in the logs, which Docker keeps and others collect.",
        fix="Take it away.",
        check=_telling,
    ),
    Rule(
        id="hub-token",
        severity=Severity.WARNING,
        title="An engine is given a hub's token",
        why="Whoever gets into the engine may fetch, and perhaps change, what the token's owner may.",
        fix="Fetch models apart from the engine, and give it none.",
        check=_tokens,
    ),
    Rule(
        id="engine-volume-writable",
        severity=Severity.WARNING,
        title="An engine can write what stays",
        why="Whoever gets in changes weights or compiled kernels, which the next start loads unchecked, or leaves "
        "documents there.",
        fix='Mount models with ":ro", and use "tmpfs" for caches.',
        check=_volumes,
    ),
    Rule(
        id="weights-as-pickle",
        severity=Severity.NOTE,
        title="An engine may load weights that can run code",
        why="A pickle runs what its maker wants when it is loaded.",
        fix="Give --load-format safetensors.",
        check=_weights,
    ),
)
