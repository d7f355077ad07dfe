from collections.abc import Iterator
from pathlib import Path

import pytest

from examples.drawing import Fonts, MissingFont
from examples.make_documents import FONTS
from muniment.engines.local import SealedServer, ServerSettings
from tests.acceptance.serving import Serving, options_for, serving
from tests.acceptance.slips import Slips, make_slips
from tests.reading_model import FOLDER
from tests.required import missing

ENVIRONMENT = Path(__file__).parents[2] / ".venv-vllm"


def pytest_itemcollected(item: pytest.Item) -> None:
    """`make test` does not look here, so that a test without the mark would be run by nobody."""
    if item.get_closest_marker("acceptance") is None:
        raise pytest.UsageError(f"{item.nodeid} is not marked as an acceptance test")


@pytest.fixture(scope="session")
def vllm_python() -> str:
    """The Python of the environment that `make engine` sets up."""
    if not (ENVIRONMENT / "made-from").is_file():
        missing("vllm", "there is no vLLM here; `make engine` sets it up")
    return str(ENVIRONMENT / "bin" / "python")


@pytest.fixture(scope="session")
def fonts() -> Fonts:
    """Those that slips are set in."""
    fonts = Fonts(FONTS)
    try:
        fonts.path("LiberationSans-Regular")
        fonts.path("LiberationSerif-Regular")
    except MissingFont as problem:
        missing("fonts", str(problem))
    return fonts


@pytest.fixture(scope="session")
def slips(fonts: Fonts) -> Slips:
    return make_slips(fonts)


@pytest.fixture(scope="session")
def cache_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What XDG_CACHE_HOME names."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="session")
def vllm_cache(cache_home: Path) -> Path:
    """The folder for what any vLLM keeps between its starts, whoever starts it: the first takes longer."""
    return cache_home / "muniment" / "vllm"


@pytest.fixture(scope="session")
def reading_settings(vllm_python: str, vllm_cache: Path) -> Iterator[ServerSettings]:
    """For a vLLM whose small model reads what it is shown."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VLLM_CPU_KVCACHE_SPACE", "1")
        yield ServerSettings(model=FOLDER, python=vllm_python, cache=vllm_cache, arguments=("--enforce-eager",))


@pytest.fixture(scope="session")
def reading_vllm(reading_settings: ServerSettings) -> Iterator[SealedServer]:
    """Such a one. Nobody may end it: all tests share it."""
    with SealedServer(reading_settings) as running:
        yield running


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """A service with the embedded engine that wants no key."""
    with serving(tmp_path_factory.mktemp("service")) as found:
        yield found


@pytest.fixture(scope="session")
def vllm_service(reading_vllm: SealedServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """A service with that vLLM which wants no key."""
    with serving(tmp_path_factory.mktemp("service"), *options_for(reading_vllm)) as found:
        yield found


@pytest.fixture(scope="session", params=["service", "vllm_service"], ids=["embedded", "vllm"])
def either(request: pytest.FixtureRequest) -> Serving:
    """A service with the one engine, then one with the other."""
    found: Serving = request.getfixturevalue(request.param)
    return found
