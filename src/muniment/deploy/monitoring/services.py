"""Prometheus and Grafana as a compose file has them."""

from typing import Any

from muniment.deploy.hardening import hardened, health, internal_network, place_in, published

PROMETHEUS_IMAGE = "prom/prometheus:v3.14.0"
GRAFANA_IMAGE = "grafana/grafana:12.4.3"
GRAFANA_ADDRESS, GRAFANA_PORT = "127.0.0.1", 3000
NETWORK = "watching"
GATEWAY = "gateway.localhost"
"""What Prometheus calls the gateway. The service answers to it while no key was made: browsers take every name that
ends so for their own machine, so that no page from elsewhere can have it."""
FOLDER = "monitoring"
"""In the deployment's own folder, with a folder for each of the two."""

_MEBI = 1 << 20
_NOBODY = "65534:65534"
_GRAFANA_USER = "472:0"
_PLACE = "/etc/muniment"
_KEPT = ("30d", "4GB")

_GRAFANA_SETTINGS = {
    # Nothing leaves: no reports, no looking for news and updates, no pictures of users, no plugins from elsewhere.
    "GF_ANALYTICS_REPORTING_ENABLED": "false",
    "GF_ANALYTICS_CHECK_FOR_UPDATES": "false",
    "GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES": "false",
    "GF_ANALYTICS_FEEDBACK_LINKS_ENABLED": "false",
    "GF_NEWS_NEWS_FEED_ENABLED": "false",
    "GF_PLUGINS_PLUGIN_ADMIN_ENABLED": "false",
    "GF_PLUGINS_PREINSTALL_DISABLED": "true",
    "GF_PLUGINS_PUBLIC_KEY_RETRIEVAL_DISABLED": "true",
    "GF_SECURITY_DISABLE_GRAVATAR": "true",
    "GF_SNAPSHOTS_EXTERNAL_ENABLED": "false",
    # Whoever wants in has the password.
    "GF_AUTH_ANONYMOUS_ENABLED": "false",
    "GF_USERS_ALLOW_SIGN_UP": "false",
    "GF_SECURITY_ADMIN_PASSWORD__FILE": f"{_PLACE}/password",
    "GF_PATHS_PROVISIONING": f"{_PLACE}/provisioning",
    "GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH": f"{_PLACE}/dashboards/muniment.json",
}


def with_monitoring(document: dict[str, Any], *, isolated: bool) -> dict[str, Any]:
    """A compose file's document and both of them. The gateway is on their network; server and engines are not.

    Args:
        isolated: see :func:`internal_network`.
    """
    services = document["services"]
    gateway, server = services["gateway"], services["server"]
    networks: dict[str, Any] = {name: {} for name in gateway["networks"]} | {NETWORK: {"aliases": [GATEWAY]}}
    changed = {
        "gateway": {**gateway, "networks": networks},
        "server": {**server, "command": [*server["command"], "--name", GATEWAY]},
    }
    return {
        "services": {**services, **changed, "prometheus": _prometheus(), "grafana": _grafana()},
        "networks": {**document["networks"], NETWORK: internal_network(isolated=isolated)},
        "volumes": {**document["volumes"], "prometheus-data": {}, "grafana-data": {}},
    }


def _prometheus() -> dict[str, Any]:
    time, size = _KEPT
    return hardened(
        {
            "image": PROMETHEUS_IMAGE,
            "user": _NOBODY,
            "command": [
                f"--config.file={_PLACE}/prometheus.yaml",
                "--storage.tsdb.path=/prometheus",
                f"--storage.tsdb.retention.time={time}",
                f"--storage.tsdb.retention.size={size}",
                "--web.listen-address=0.0.0.0:9090",
            ],
            "networks": [NETWORK],
            "volumes": [place_in(f"./{FOLDER}/prometheus", _PLACE), _kept("prometheus-data", "/prometheus")],
            "healthcheck": health(["CMD", "promtool", "query", "instant", "http://127.0.0.1:9090", "1"], start=60),
        },
        memory=1024 * _MEBI,
        processes=64,
    )


def _grafana() -> dict[str, Any]:
    return hardened(
        {
            "image": GRAFANA_IMAGE,
            "user": _GRAFANA_USER,
            "environment": _GRAFANA_SETTINGS,
            # Of a container that is on internal networks only, Docker publishes no port; hence the one with a way out.
            # What Grafana could carry out over it are numbers: it reaches no document.
            "networks": ["default", NETWORK],
            "ports": [published(GRAFANA_ADDRESS, GRAFANA_PORT, GRAFANA_PORT)],
            "volumes": [place_in(f"./{FOLDER}/grafana", _PLACE), _kept("grafana-data", "/var/lib/grafana")],
            "tmpfs": ["/tmp:size=64m,mode=1777"],  # noqa: S108 - in the container
            "healthcheck": health(
                ["CMD", "wget", "-q", "-O", "/dev/null", f"http://127.0.0.1:{GRAFANA_PORT}/api/health"], start=120
            ),
        },
        memory=512 * _MEBI,
        processes=128,
    )


def _kept(volume: str, target: str) -> dict[str, str]:
    return {"type": "volume", "source": volume, "target": target}
