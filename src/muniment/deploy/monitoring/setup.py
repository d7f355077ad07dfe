"""What Prometheus and Grafana read from the deployment's folder: settings, rules, dashboard, key and password."""

import os
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from muniment.deploy import certificates
from muniment.deploy.files import DeploymentFolder
from muniment.deploy.monitoring.services import FOLDER, GATEWAY
from muniment.deploy.settings import Plan
from muniment.errors import DeployError, unwritable

KEY_NAME = "muniment-monitoring"
"""The key that Prometheus shows. Nobody else should make one of this name."""
PASSWORD = "MUNIMENT_GRAFANA_PASSWORD"  # noqa: S105 - the variable's name
_KEY_FILE = f"{FOLDER}/prometheus/key"
_PASSWORD_FILE = f"{FOLDER}/grafana/password"
_SHIPPED = {
    "alerts.yaml": "prometheus/alerts.yaml",
    "datasource.yaml": "grafana/provisioning/datasources/muniment.yaml",
    "dashboards.yaml": "grafana/provisioning/dashboards/muniment.yaml",
    "dashboard.json": "grafana/dashboards/muniment.json",
}


def check_password(folder: DeploymentFolder) -> None:
    """See that Grafana's administrator has a password, from the environment or an earlier time. Raises DeployError."""
    if not os.environ.get(PASSWORD) and not (folder.path / _PASSWORD_FILE).is_file():
        raise DeployError(
            "Grafana starts with no password that everybody knows", f"Choose one: set {PASSWORD} in the environment."
        )


def write(folder: DeploymentFolder, plan: Plan) -> None:
    """Put into the folder what both read; a key that is there stays.

    Raises:
        DeployError: the gateway's certificate is for no name, or Grafana has no password.
        OutputError: it cannot be written.
    """
    check_password(folder)
    _put(folder, f"{FOLDER}/prometheus/prometheus.yaml", yaml.safe_dump(prometheus_settings(plan), sort_keys=False))
    shipped = files("muniment.deploy.monitoring")
    for name, place in _SHIPPED.items():
        _put(folder, f"{FOLDER}/{place}", shipped.joinpath(name).read_text(encoding="utf-8"))
    if plan.tls:
        certificate = Path(plan.tls) / certificates.CERTIFICATE
        _put(folder, f"{FOLDER}/prometheus/{certificates.CERTIFICATE}", certificate.read_text(encoding="ascii"))
    if password := os.environ.get(PASSWORD):
        _put(folder, _PASSWORD_FILE, password)
    if not (folder.path / _KEY_FILE).exists():
        keep_key(folder, "")


def keep_key(folder: DeploymentFolder, key: str) -> None:
    """Have Prometheus show a key from now on; "" is none. Raises OutputError."""
    _put(folder, _KEY_FILE, key)


def has_key(folder: DeploymentFolder) -> bool:
    """Whether Prometheus was given a key."""
    path = folder.path / _KEY_FILE
    return path.is_file() and path.stat().st_size > 0


def prometheus_settings(plan: Plan) -> dict[str, Any]:
    """Prometheus' configuration. The labels say what the alerts have to know of the plan. Raises DeployError."""
    trusted = (
        {"ca_file": certificates.CERTIFICATE, "server_name": certificates.name_in(Path(plan.tls))} if plan.tls else {}
    )
    labels = {"deployment": plan.project, "topology": plan.topology.value, "engines": plan.kind.value}
    return {
        "global": {"scrape_interval": "15s", "evaluation_interval": "15s"},
        "rule_files": ["alerts.yaml"],
        "scrape_configs": [
            {
                "job_name": "muniment",
                "scheme": "https" if plan.tls else "http",
                "authorization": {"credentials_file": "key"},
                **({"tls_config": trusted} if trusted else {}),
                "static_configs": [{"targets": [f"{GATEWAY}:8001"], "labels": labels}],
            }
        ],
    }


def _put(folder: DeploymentFolder, name: str, text: str) -> None:
    """The containers' users read it; that nobody else on this machine does is the deployment's folder's doing."""
    folder.make()
    path = folder.path / name
    try:
        for parent in reversed(path.relative_to(folder.path).parents[:-1]):
            (folder.path / parent).mkdir(exist_ok=True)
            (folder.path / parent).chmod(0o755)
    except OSError as error:
        raise unwritable(path, error, "XDG_STATE_HOME") from None
    folder.write(name, text)
    path.chmod(0o644)
