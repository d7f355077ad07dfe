"""Make an image to build Muniment's containers on where no registry of images can be reached: a small Debian.

It holds what the repository's Dockerfiles expect of their bases (Python with venv, nginx, what vLLM needs on a CPU),
this machine's certificates, and the CPU build of torch. It is for tests alone. Needs root, debootstrap and Docker;
prints the image's name. Run by the acceptance tests.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

NAME = "muniment-test/base"
PACKAGES = ("ca-certificates", "curl", "libnuma1", "nginx-light", "python3", "python3-venv")
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
WHEELS = Path("/opt/wheels")
"""In the image. Here they may lie anywhere that pip looks."""


def main() -> None:
    print(make_base())


def make_base() -> str:
    """The image's name; it is made if it is not there.

    Raises:
        subprocess.CalledProcessError: it cannot be made.
    """
    image = f"{NAME}:{_fingerprint()}"
    if subprocess.run(["docker", "image", "inspect", image], check=False, capture_output=True).returncode:
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder) / "root"
            _bootstrap(root)
            _import(root, image)
    return image


def _fingerprint() -> str:
    digest = hashlib.sha256(Path(__file__).read_bytes())
    digest.update(CERTIFICATES.read_bytes())
    return digest.hexdigest()[:12]


def _bootstrap(root: Path) -> None:
    print("Making a Debian for containers (a minute or two) ...", file=sys.stderr, flush=True)
    command = ["debootstrap", "--variant=minbase", f"--include={','.join(PACKAGES)}", _release(), str(root)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        sys.stderr.write(done.stdout[-4000:] + done.stderr[-4000:])
        done.check_returncode()
    shutil.copy(CERTIFICATES, root / "etc/ssl/certs/ca-certificates.crt")
    (root / "etc/pip.conf").write_text(f"[global]\ncert = {CERTIFICATES}\nfind-links = {WHEELS}\n", encoding="utf-8")
    _bring_torch(root / str(WHEELS).lstrip("/"))
    shutil.rmtree(root / "var/cache/apt/archives", ignore_errors=True)
    shutil.rmtree(root / "var/lib/apt/lists", ignore_errors=True)


def _release() -> str:
    """This machine's own Debian: its package sources are known to be reached."""
    lines = Path("/etc/os-release").read_text(encoding="utf-8").splitlines()
    return dict(line.partition("=")[::2] for line in lines)["VERSION_CODENAME"].strip('"')


def _bring_torch(wheels: Path) -> None:
    """Fetch the CPU build of torch as this machine's pip does: no index that a container reaches has it."""
    wheels.mkdir(parents=True)
    lock = Path(__file__).parents[1] / "requirements" / "vllm-cpu-torch.lock"
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-qq"]
    subprocess.run(
        [*pip, "download", "--no-deps", "--require-hashes", "--dest", str(wheels), "--requirement", str(lock)],
        check=True,
    )
    for wheel in wheels.glob("torchvision-*"):
        wheel.unlink()  # any index has it


def _import(root: Path, image: str) -> None:
    environment = [f"{name}={CERTIFICATES}" for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "PIP_CERT")]
    changes = [argument for value in environment for argument in ("--change", f"ENV {value}")]
    with subprocess.Popen(["tar", "-C", str(root), "-c", "."], stdout=subprocess.PIPE) as tar:
        subprocess.run(
            ["docker", "import", *changes, "-", image], check=True, stdin=tar.stdout, stdout=subprocess.DEVNULL
        )


if __name__ == "__main__":
    if os.geteuid():
        sys.exit("debootstrap needs root")
    main()
