"""Where things lie inside the containers, and who owns them there."""

from muniment.deploy.settings import EnginePlan, Plan, Topology

GROUP = 10_000
"""Whoever shares a socket is in it."""
SERVER_IDENTITY = 10_001
ENGINE_IDENTITY = 10_003
SERVER_SOCKET = "/run/muniment/server/server.sock"
ENGINE_PORT = 8000
MODEL = "/models/served"
EVIDENCE_FOLDER = "evidence"
"""Of a deployment's own folder: where the verifier puts its reports."""
EVIDENCE = "/etc/muniment/evidence"
EVIDENCE_KEY = "/etc/muniment/evidence-public-key.pem"
PROFILES = "/opt/muniment/profiles"


def engine_socket(engine: EnginePlan) -> str:
    """Where an engine listens in the airgap topology, for itself and for the server."""
    return f"/run/muniment/{engine.service}/api.sock"


def engine_address(plan: Plan, engine: EnginePlan) -> str:
    """What the server asks an engine by."""
    if plan.topology is Topology.INTERNAL:
        return f"http://{engine.service}:{ENGINE_PORT}/v1"
    return f"unix:{engine_socket(engine)}"
