"""A vLLM that Muniment starts itself, without a network, for as long as it needs it."""

from muniment.engines.local.client import LocalClient
from muniment.engines.local.server import SealedServer
from muniment.engines.local.settings import ServerSettings
from muniment.engines.local.startlog import Progress, Stage

__all__ = ["LocalClient", "Progress", "SealedServer", "ServerSettings", "Stage"]
