"""From an order to a plan: with what is there, and with a reason where it cannot be."""

import os
from pathlib import Path

import pytest

from muniment.deploy.building import source_root
from muniment.deploy.gpus import Gpu
from muniment.deploy.planning import DEFAULT_MODEL, TINY_NAME, Order, make_plan, wants_tiny
from muniment.deploy.settings import EngineKind, EngineSize, Plan, Preset, Topology
from muniment.deploy.sizing import NANONETS_OCR2_3B
from muniment.errors import DeployError, EngineError, ModelChanged, ModelError, UsageError
from muniment.models import Store
from muniment.models.manifest import MANIFEST_NAME
from tests.deploy.stores import put, store_with

_NONE = EngineSize(context=0, sequences=2, memory_share=0.0, eager=True)


def gpu(number: int = 0, gigabytes: int = 80) -> Gpu:
    return Gpu(number=number, name="NVIDIA", memory=gigabytes << 30, used=0, driver="580.65.06")


def order(kind: EngineKind = EngineKind.VLLM, **given: object) -> Order:
    return Order(project="deeds", kind=kind, **given)  # type: ignore[arg-type]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """With the default model, another, and the demonstration's."""
    return store_with(tmp_path / "store", DEFAULT_MODEL, "acme/Reader", TINY_NAME)


def planned(wanted: Order, store: Store, *gpus: Gpu) -> Plan:
    return make_plan(wanted, store, gpus or (gpu(),), version="1.2.3", tls=Path("/state/tls"))


@pytest.mark.parametrize(("docker", "isolated"), [((27, 5, 1), False), ((28, 0, 0), True), ((), False)])
def test_internal_networks_are_kept_from_the_machine_where_docker_can(
    store: Store, docker: tuple[int, ...], isolated: bool
) -> None:
    wanted = order(topology=Topology.INTERNAL)
    plan = make_plan(wanted, store, (gpu(),), version="1.2.3", tls=Path("/state/tls"), docker=docker)
    assert plan.isolated_gateway is isolated


def test_an_order_without_wishes_is_the_default_model_on_the_first_gpu(store: Store) -> None:
    plan = planned(order(), store)
    assert (plan.project, plan.version, plan.profile, plan.lifetime) == ("deeds", "1.2.3", "nanonets-ocr2", 24.0)
    assert (plan.topology, plan.url, plan.tls) == (Topology.AIRGAP, "http://127.0.0.1:8001", "")
    (engine,) = plan.engines
    assert (engine.service, engine.model, engine.gpu) == ("engine-1", DEFAULT_MODEL, 0)
    assert engine.folder == str(store.root / DEFAULT_MODEL)
    assert engine.weights == NANONETS_OCR2_3B.weights
    assert engine.size == EngineSize(context=20_480, sequences=256, memory_share=0.9, eager=False)


def test_on_the_processor_the_default_is_the_demonstrations_model_and_its_profile(store: Store) -> None:
    plan = planned(order(EngineKind.VLLM_CPU), store)
    (engine,) = plan.engines
    assert (engine.model, engine.folder, engine.gpu, engine.size) == ("tiny", str(store.root / TINY_NAME), None, _NONE)
    assert plan.profile == "/opt/muniment/profiles/reading-pages.toml"


@pytest.mark.parametrize(
    ("given", "profile"),
    [
        ({"models": ("tiny",)}, "/opt/muniment/profiles/reading-pages.toml"),
        ({"models": (TINY_NAME,)}, "/opt/muniment/profiles/reading-pages.toml"),
        ({"models": ("tiny", "acme/Reader")}, "nanonets-ocr2"),
        ({"models": ("acme/Reader",)}, "nanonets-ocr2"),
        ({"models": ("tiny",), "profile": "own"}, "own"),
    ],
)
def test_the_profile_suits_the_model(store: Store, given: dict[str, object], profile: str) -> None:
    assert planned(order(EngineKind.VLLM_CPU, **given), store).profile == profile


def test_the_demonstrations_model_can_be_planned_with_before_it_is_in_the_store(tmp_path: Path) -> None:
    root = source_root()
    assert root is not None
    (engine,) = planned(order(EngineKind.VLLM_CPU), Store(tmp_path / "store")).engines
    assert engine.folder == str(tmp_path / "store" / TINY_NAME)
    weights = (root / "readingmodel" / "checkpoint").glob("*.safetensors")
    assert engine.weights == sum(path.stat().st_size for path in weights) > 0
    assert not (tmp_path / "store").exists()


def test_without_the_repository_the_demonstrations_model_must_be_in_the_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("muniment.deploy.planning.source_root", lambda: None)
    with pytest.raises(ModelError, match="There is no model muniment/tiny"):
        planned(order(EngineKind.VLLM_CPU), Store(tmp_path))


def test_only_who_asks_for_it_by_its_short_name_wants_it() -> None:
    assert wants_tiny(order(EngineKind.VLLM_CPU))
    assert wants_tiny(order(models=("acme/Reader", "tiny")))
    assert not wants_tiny(order())
    assert not wants_tiny(order(models=(TINY_NAME,)))
    assert not wants_tiny(order(EngineKind.EMBEDDED))


def test_the_embedded_engine_has_no_containers_and_needs_no_gpu(tmp_path: Path) -> None:
    plan = make_plan(order(EngineKind.EMBEDDED), Store(tmp_path), (), version="1", tls=Path())
    assert plan.engines == ()
    assert plan.services == ("gateway", "server")


def test_a_folder_with_a_manifest_is_served_by_any_name(store: Store, tmp_path: Path) -> None:
    folder = put(tmp_path / "a folder=1", "acme/Deeds")
    (engine,) = planned(order(models=(f"deeds={folder}",)), store).engines
    assert (engine.model, engine.folder) == ("deeds", str(folder))


def test_a_relative_folder_is_one_of_this_one(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path / "deeds", "acme/Deeds")
    monkeypatch.chdir(tmp_path)
    (engine,) = planned(order(models=("deeds=deeds",)), store).engines
    assert engine.folder == str(tmp_path / "deeds")


def test_a_relative_store_is_one_of_this_folder(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(store.root.parent)
    (engine,) = planned(order(), Store(Path("store"))).engines
    assert engine.folder == str(store.root / DEFAULT_MODEL)


def test_a_folder_without_a_manifest_is_refused(store: Store, tmp_path: Path) -> None:
    folder = put(tmp_path / "deeds", "acme/Deeds")
    (folder / MANIFEST_NAME).unlink()
    with pytest.raises(DeployError) as told:
        planned(order(models=(f"deeds={folder}",)), store)
    assert told.value.what == f"{folder} has no manifest, and an engine starts on nothing that cannot be verified"
    assert f"muniment model import {folder} --name OWNER/NAME" in told.value.hint


def test_a_folder_that_is_not_there_is_refused(store: Store, tmp_path: Path) -> None:
    with pytest.raises(DeployError, match="is no folder"):
        planned(order(models=(f"deeds={tmp_path / 'gone'}",)), store)


@pytest.mark.parametrize(
    "given", ["=/srv/x", "x=", "=", "-x=/srv/x", "--flag=/srv/x", "a\nb=/srv/x", "x=~no-such-user/x"]
)
def test_what_is_not_a_name_and_a_path_is_refused(store: Store, given: str) -> None:
    with pytest.raises(UsageError, match="is not of the form name=path"):
        planned(order(models=(given,)), store)


def test_a_folder_whose_name_is_no_text_is_refused(store: Store, tmp_path: Path) -> None:
    folder = put(Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff")), "acme/Deeds")
    with pytest.raises(DeployError, match="whose name is no text"):
        planned(order(models=(f"deeds={folder}",)), store)


def test_a_model_that_is_not_there_is_named(store: Store) -> None:
    with pytest.raises(ModelError, match="There is no model acme/Absent in") as told:
        planned(order(models=("acme/Absent",)), store)
    assert told.value.hint.endswith(f"or take one that is there: acme/Reader, muniment/tiny, {DEFAULT_MODEL}.")


def test_what_is_no_models_name_is_refused(store: Store) -> None:
    with pytest.raises(UsageError):
        planned(order(models=("../etc",)), store)


def test_a_model_without_a_manifest_is_not_served(store: Store) -> None:
    (store.root / DEFAULT_MODEL / MANIFEST_NAME).unlink()
    with pytest.raises(ModelChanged, match="has no manifest"):
        planned(order(), store)


def test_a_model_that_does_not_fit_is_an_error(store: Store) -> None:
    with pytest.raises(EngineError, match="The model does not fit"):
        planned(order(), store, gpu(gigabytes=8))


def test_without_a_gpu_other_engines_are_named(store: Store) -> None:
    with pytest.raises(DeployError) as told:
        make_plan(order(), store, (), version="1", tls=Path())
    assert told.value.what == "No NVIDIA GPU was found"
    assert "--engine embedded" in told.value.hint
    assert "--engine vllm-cpu --model tiny" in told.value.hint


@pytest.mark.parametrize(
    ("wanted", "what"),
    [
        (order(EngineKind.EMBEDDED, models=("acme/Reader",)), "The embedded engine takes no model"),
        (order(EngineKind.EMBEDDED, replicas=2), "The embedded engine takes no model"),
        (order(EngineKind.EMBEDDED, context=4096), "--context, --concurrency and --profile are for engines"),
        (order(EngineKind.EMBEDDED, concurrency=2), "--context, --concurrency and --profile are for engines"),
        (order(EngineKind.EMBEDDED, profile="nanonets-ocr2"), "--context, --concurrency and --profile are for engines"),
        (order(EngineKind.EMBEDDED, gpu_memory=10**10), "--gpu-memory and --preset are for an engine on a GPU"),
        (order(EngineKind.VLLM_CPU, preset=Preset.ORIGINAL), "--gpu-memory and --preset are for an engine on a GPU"),
        (order(models=("acme/Reader", "acme/Reader")), "A model is named twice"),
        (order(models=("acme/Reader", "acme/Reader=/srv/x")), "A model is named twice"),
        (order(models=("x=/srv/x", "x=/srv/y")), "A model is named twice"),
        (order(address="fe80::1%eth0"), "Docker publishes nothing at fe80::1%eth0"),
    ],
)
def test_what_contradicts_itself_is_refused_with_a_remedy(store: Store, wanted: Order, what: str) -> None:
    with pytest.raises(UsageError) as told:
        planned(wanted, store)
    assert told.value.what.startswith(what)
    assert told.value.hint


def test_replicas_are_spread_over_the_gpus(store: Store) -> None:
    plan = planned(order(replicas=4), store, gpu(0), gpu(2), gpu(3))
    assert [(engine.service, engine.gpu) for engine in plan.engines] == [
        ("engine-1", 0),
        ("engine-2", 2),
        ("engine-3", 3),
        ("engine-4", 0),
    ]
    assert [engine.size.memory_share for engine in plan.engines] == [0.45, 0.9, 0.9, 0.45]


def test_several_models_stand_side_by_side(store: Store) -> None:
    plan = planned(order(models=(DEFAULT_MODEL, "acme/Reader"), replicas=2), store, gpu(0), gpu(1))
    assert [(engine.model, engine.gpu) for engine in plan.engines] == [
        (DEFAULT_MODEL, 0),
        (DEFAULT_MODEL, 1),
        ("acme/Reader", 0),
        ("acme/Reader", 1),
    ]


def test_what_is_asked_for_reaches_every_engine(store: Store) -> None:
    wanted = order(preset=Preset.ORIGINAL, gpu_memory=20 * 10**9, context=8_192, concurrency=3, replicas=2)
    sizes = {engine.size for engine in planned(wanted, store, gpu(0), gpu(1)).engines}
    assert sizes == {EngineSize(context=8_192, sequences=3, memory_share=0.232, eager=True)}
    (engine,) = planned(order(EngineKind.VLLM_CPU, context=8_192, concurrency=3), store).engines
    assert engine.size == EngineSize(context=8_192, sequences=3, memory_share=0.0, eager=True)


@pytest.mark.parametrize(
    ("address", "tls", "url"),
    [
        ("127.0.0.1", None, "http://127.0.0.1:8001"),
        ("127.9.9.9", None, "http://127.9.9.9:8001"),
        ("::1", None, "http://[::1]:8001"),
        ("127.0.0.1", True, "https://127.0.0.1:8001"),
        ("0.0.0.0", None, "https://127.0.0.1:8001"),
        ("::", None, "https://[::1]:8001"),
        ("192.168.1.5", None, "https://192.168.1.5:8001"),
        ("2001:db8::1", None, "https://[2001:db8::1]:8001"),
        ("192.168.1.5", False, "http://192.168.1.5:8001"),
    ],
)
def test_where_other_machines_reach_it_tls_is_spoken_unless_it_is_refused(
    store: Store, address: str, tls: bool | None, url: str
) -> None:
    plan = planned(order(address=address, tls=tls), store)
    assert plan.url == url
    assert plan.tls == ("/state/tls" if url.startswith("https") else "")
