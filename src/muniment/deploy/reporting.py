"""A signed report of a deployment as it runs now."""

from pathlib import Path

from muniment.deploy.files import DeploymentFolder
from muniment.deploy.recording import gather
from muniment.seal.docker import find_engine
from muniment.seal.evidence.archive import publish
from muniment.seal.evidence.keys import signing_key
from muniment.seal.evidence.report import SignedReport


def publish_report(project: str, where: Path) -> SignedReport:
    """Look at a deployment, and at workers of Muniment beside it on this machine, and write a report of both.

    Args:
        where: the folder of its reports.

    Raises:
        DeployError: it does not run, or Docker does not answer.
        EvidenceError: the reports that are there, or the key, are not to be believed.
        OutputError: it cannot be written.
    """
    folder = DeploymentFolder(project)
    folder.check()
    key = signing_key(folder.path)
    return publish(gather(folder, find_engine()), where, key)
