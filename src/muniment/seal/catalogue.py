"""The claims that are made of what reads documents and of what stands before it."""

from muniment.seal.claims import Claim

_ANEW = "Bring the deployment up anew: muniment down, then muniment up."

NO_INTERNET = Claim(
    id="no-internet",
    says="What reads documents reaches no address beyond this machine",
    mend=f"Take away the network that was joined to it. {_ANEW}",
)
NO_HOST = Claim(
    id="no-host",
    says="What reads documents reaches no service of this machine",
    mend="Use --topology airgap, or Docker Engine 28 or newer and then muniment down and muniment up.",
)
NO_NEIGHBOUR = Claim(
    id="no-neighbour",
    says="What reads documents reaches no container but those of its own deployment",
    mend="Take other containers off its networks: docker network disconnect.",
)
NO_NAMES = Claim(
    id="no-names",
    says="What reads documents finds no name outside",
    mend="Use --topology airgap, or Docker Engine 26 or newer.",
)
NO_PORT = Claim(id="no-port", says="Only the gateway publishes a port, and only where it was told to", mend=_ANEW)
NO_PRIVILEGE = Claim(id="no-privilege", says="All of it runs without privileges", mend=_ANEW)
NO_TRACE = Claim(
    id="no-trace", says="Nothing is written to where it lasts, but documents to their own volume", mend=_ANEW
)
NO_TELEMETRY = Claim(id="no-telemetry", says="What reads documents sends no telemetry and updates nothing", mend=_ANEW)
VERIFIED_MODEL = Claim(
    id="verified-model",
    says="Engines load the verified model and no other, and run nothing that it brings",
    mend="Pull or import the model again, then muniment restart.",
)
AS_PLANNED = Claim(
    id="as-planned",
    says="The containers are those that were planned, of their images and on their networks",
    mend=_ANEW,
)
ALLOWED_ROUTES = Claim(
    id="allowed-routes", says="The gateway answers on the service's own routes and no others", mend=_ANEW
)
SERVER_SEALED = Claim(
    id="server-sealed",
    says="The server that takes documents reaches nothing outside",
    mend="Use --topology airgap. Take away networks that were joined to it.",
)
NO_CONTENT_LOGGED = Claim(
    id="no-content-logged",
    says="What is read appears in no log",
    mend="Stop reading documents with it, erase the logs, and report it as a vulnerability.",
)
