"""Images are built where the repository is, and elsewhere expected to be there."""

import re

import pytest

from muniment.deploy import building
from muniment.deploy.building import see_to_image, source_root
from muniment.deploy.images import DOWNLOADER, ENGINE_CPU, GATEWAY, SERVER, VLLM_CPU, images_of
from muniment.deploy.settings import EngineKind, Topology
from muniment.errors import DeployError
from muniment.seal.docker import find_docker
from tests.deploy.fake_docker import FakeDocker
from tests.deploy.plans import plan_of


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PIP_EXTRA_INDEX_URL", *(image.variable for image in (GATEWAY, SERVER, ENGINE_CPU, DOWNLOADER))):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("kind", list(EngineKind))
def test_every_image_comes_after_what_it_is_built_on(kind: EngineKind) -> None:
    images = images_of(plan_of(kind, Topology.AIRGAP))
    own = [image.name for image in images]
    for number, image in enumerate(images):
        assert ":" in image.base or image.base in own[:number]


def test_every_recipe_is_in_the_repository() -> None:
    root = source_root()
    assert root is not None
    for image in (GATEWAY, SERVER, VLLM_CPU, ENGINE_CPU, DOWNLOADER):
        assert (root / image.dockerfile).is_file()


def test_one_that_is_missing_is_built_and_that_is_told(fake: FakeDocker) -> None:
    fake.says("build*", "")
    told: list[str] = []
    assert see_to_image(find_docker(), GATEWAY, "1.2.3", told.append) == "localhost/muniment/gateway:1.2.3"
    assert told == ["Building localhost/muniment/gateway:1.2.3; the first time takes minutes"]
    root = source_root()
    assert fake.calls[-1].startswith(f"build --quiet --file {root}/deploy/gateway/Dockerfile --label muniment.sources=")
    assert fake.calls[-1].endswith(f" --build-arg BASE=nginx:1.30.7 --tag localhost/muniment/gateway:1.2.3 {root}")


def test_one_that_was_built_from_what_is_here_is_left_as_it_is(fake: FakeDocker) -> None:
    """So that a machine without a way out can bring up what was carried to it."""
    fake.says("build*", "")
    see_to_image(find_docker(), GATEWAY, "1.2.3", lambda _: None)
    (sources,) = re.findall("muniment.sources=([0-9a-f]+)", fake.calls[-1])
    fake.has("localhost/muniment/gateway:1.2.3", label=sources)
    told: list[str] = []
    see_to_image(find_docker(), GATEWAY, "1.2.3", told.append)
    assert not told
    assert len([call for call in fake.calls if call.startswith("build ")]) == 1


def test_one_that_was_built_from_something_else_is_built_anew(
    fake: FakeDocker, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake.says("build*", "")
    see_to_image(find_docker(), GATEWAY, "1.2.3", lambda _: None)
    (sources,) = re.findall("muniment.sources=([0-9a-f]+)", fake.calls[-1])
    fake.has("localhost/muniment/gateway:1.2.3", label=sources)
    monkeypatch.setenv("MUNIMENT_NGINX_IMAGE", "registry.example/nginx@sha256:0123")
    see_to_image(find_docker(), GATEWAY, "1.2.3", lambda _: None)
    assert fake.calls[-1].startswith("build ")


def test_what_it_is_built_on_can_be_chosen(fake: FakeDocker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUNIMENT_NGINX_IMAGE", "registry.example/nginx@sha256:0123")
    fake.says("build*", "")
    see_to_image(find_docker(), GATEWAY, "1.2.3", lambda _: None)
    assert "--build-arg BASE=registry.example/nginx@sha256:0123 " in fake.calls[-1]


def test_an_index_with_a_password_is_told_to_the_build_that_needs_it_and_not_to_other_users(
    fake: FakeDocker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", "https://me:secret@wheels.example/cpu")
    fake.says("build*", "")
    for image in (GATEWAY, VLLM_CPU):
        see_to_image(find_docker(), image, "1.2.3", lambda _: None)
    gateway, vllm = (call for call in fake.calls if call.startswith("build "))
    assert "PIP_EXTRA_INDEX_URL" not in gateway
    assert "--build-arg PIP_EXTRA_INDEX_URL --tag" in vllm


def test_one_that_is_built_on_another_of_ours_takes_the_same_version(fake: FakeDocker) -> None:
    fake.says("build*", "")
    see_to_image(find_docker(), ENGINE_CPU, "1.2.3", lambda _: None)
    assert "--build-arg BASE=localhost/muniment/vllm-cpu:1.2.3 " in fake.calls[-1]


def test_without_the_repository_it_must_be_there(fake: FakeDocker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(building, "source_root", lambda: None)
    fake.has("localhost/muniment/server:1.2.3")
    assert see_to_image(find_docker(), SERVER, "1.2.3", lambda _: None) == "localhost/muniment/server:1.2.3"
    with pytest.raises(DeployError) as told:
        see_to_image(find_docker(), SERVER, "1.2.4", lambda _: None)
    assert "localhost/muniment/server:1.2.4 is not on this machine" in told.value.what
    assert told.value.hint == "Run this from a checkout, or bring the image with docker load."
    assert not [call for call in fake.calls if call.startswith("build")]


def test_a_build_that_fails_says_how_it_ended(fake: FakeDocker) -> None:
    fake.says("build*", err="Step 3/9\npull access denied for nginx\n", code=1)
    with pytest.raises(DeployError, match="docker build failed: Step 3/9 / pull access denied for nginx"):
        see_to_image(find_docker(), GATEWAY, "1.2.3", lambda _: None)
