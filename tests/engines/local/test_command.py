"""What vLLM is started with: nothing that opens a way out, whatever else is asked for."""

from pathlib import Path

import pytest

from muniment.engines.local.command import command_line, default_cache, environment
from muniment.engines.local.settings import ServerSettings


def command(*arguments: str, **settings: object) -> list[str]:
    chosen = ServerSettings(model=Path("/models/deeds"), arguments=arguments, **settings)  # type: ignore[arg-type]
    return command_line(chosen, "/usr/bin/python", Path("/run/m/api.sock"))


def last(command: list[str], option: str) -> str:
    """The value that counts."""
    return command[len(command) - 1 - command[::-1].index(option) + 1]


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--model", "/models/deeds"),
        ("--served-model-name", "deeds"),
        ("--uds", "/run/m/api.sock"),
        ("--load-format", "safetensors"),
        ("--allowed-media-domains", "none.invalid"),
        ("--allowed-local-media-path", ""),
        ("--limit-mm-per-prompt", '{"image": 1, "video": 0, "audio": 0}'),
        ("--mm-processor-cache-type", "lru"),
        ("--fingerprint-mode", "none"),
    ],
)
def test_what_seals_it_counts_whatever_is_added(option: str, value: str) -> None:
    assert last(command(option, "other"), option) == value


@pytest.mark.parametrize("switch", ["trust-remote-code", "enable-log-requests", "enable-log-outputs"])
def test_switches_that_open_it_are_switched_back(switch: str) -> None:
    made = command(f"--{switch}")
    assert made.index(f"--no-{switch}") > made.index(f"--{switch}")


def test_settings_reach_it() -> None:
    made = command("--enforce-eager", context=8192, memory_share=0.5, sequences=8)
    assert last(made, "--max-model-len") == "8192"
    assert last(made, "--gpu-memory-utilization") == "0.5"
    assert last(made, "--max-num-seqs") == "8"
    assert "--enforce-eager" in made


def test_what_is_not_set_is_left_to_vllm() -> None:
    made = command()
    assert last(made, "--max-model-len") == "auto"
    assert "--gpu-memory-utilization" not in made


def test_further_arguments_may_change_what_does_not_seal() -> None:
    assert last(command("--max-num-batched-tokens", "2048"), "--max-num-batched-tokens") == "2048"


def test_the_environment_holds_what_the_hardware_needs_and_no_secrets() -> None:
    ours = {"PATH": "/bin", "CUDA_VISIBLE_DEVICES": "1", "HF_TOKEN": "secret", "HTTPS_PROXY": "proxy", "HOME": "/me"}
    ours |= {"VLLM_SERVER_DEV_MODE": "1", "PYTHONPATH": "/me", "VLLM_CPU_KVCACHE_SPACE": "1"}
    made = environment(ours, Path("/run/m"), Path("/cache"))
    assert {name: made[name] for name in ("PATH", "CUDA_VISIBLE_DEVICES", "VLLM_CPU_KVCACHE_SPACE")} == {
        "PATH": "/bin",
        "CUDA_VISIBLE_DEVICES": "1",
        "VLLM_CPU_KVCACHE_SPACE": "1",
    }
    assert not {"HF_TOKEN", "HTTPS_PROXY", "VLLM_SERVER_DEV_MODE", "PYTHONPATH"} & set(made)
    assert made["HOME"] == made["TMPDIR"] == "/run/m"


def test_nothing_is_told_or_fetched() -> None:
    made = environment({}, Path("/run/m"), Path("/cache"))
    switched_on = {"HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "VLLM_NO_USAGE_STATS", "DO_NOT_TRACK"}
    assert {made[name] for name in switched_on} == {"1"}
    assert made["VLLM_MEDIA_URL_ALLOW_REDIRECTS"] == "0"
    assert made["VLLM_HOST_IP"] == "127.0.0.1"


def test_the_cache_is_the_users_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/caches")
    assert default_cache() == Path("/caches/muniment/vllm")
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", "/me")
    assert default_cache() == Path("/me/.cache/muniment/vllm")
