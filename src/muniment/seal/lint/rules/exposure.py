"""Rules about networks, published ports and ways out."""

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address

from muniment.seal.lint.reach import Out, Way
from muniment.seal.lint.rule import Hit, Rule, Severity, Subject, faults
from muniment.seal.lint.services import Network, Port, Service
from muniment.seal.lint.tree import Place, text_at

_PROXIES = {"http_proxy", "https_proxy", "ftp_proxy", "all_proxy"}
_ALL_ADDRESSES = {"", "0.0.0.0", "::", "[::]", "*"}  # noqa: S104 - looked for, not listened on


def _published(subject: Subject) -> Iterator[tuple[Service, Port]]:
    for service in subject.project.services.values():
        for port in service.ports:
            yield service, port


def _dropped(subject: Subject) -> Iterator[Hit]:
    for service, port in _published(subject):
        reach = subject.reaches[service.name]
        mode = service.network_mode
        if mode.startswith(("service:", "container:")):
            what = (
                f"{port.written} is published here, but the network is {mode.replace(':', ' ', 1)}'s: Docker refuses it"
            )
            yield Hit(port.place, service.name, what)
        elif reach.cut_off:
            listed = f"all its networks are internal ({', '.join(reach.networks)})"
            what = f"{port.written} is published, but {listed if reach.networks else 'it has no network'}"
            yield Hit(port.place, service.name, f"{what}: Docker drops the port silently")


def _of_engines(subject: Subject, *, only_here: bool) -> Iterator[Hit]:
    for service, port in _published(subject):
        if service.name in subject.engines and port.only_here == only_here:
            where = "this machine's programs" if only_here else "other machines"
            yield Hit(port.place, service.name, f"{port.written} leads {where} straight into the engine")


def _engine_published(subject: Subject) -> Iterator[Hit]:
    return _of_engines(subject, only_here=False)


def _engine_published_here(subject: Subject) -> Iterator[Hit]:
    return _of_engines(subject, only_here=True)


def _all_addresses(subject: Subject) -> Iterator[Hit]:
    for service, port in _published(subject):
        if service.name in subject.engines or subject.reaches[service.name].cut_off:
            continue
        if port.host in _ALL_ADDRESSES:
            yield Hit(port.place, service.name, f"{port.written} is published at every address of the machine")


def _engine_out(subject: Subject) -> Iterator[Hit]:
    for service, _ in subject.engine_services():
        for path in subject.reaches[service.name].paths:
            if path.way is Way.NETWORK:
                yield Hit(path.place, service.name, f"it reaches out by {path.what}")


def _engine_unknown(subject: Subject) -> Iterator[Hit]:
    for service, _ in subject.engine_services():
        for path in subject.reaches[service.name].paths:
            if path.way is Way.UNKNOWN:
                yield Hit(path.place, service.name, f"whether it reaches out hangs on {path.what}")


def _engine_shares(subject: Subject) -> Iterator[Hit]:
    for service, _ in subject.engine_services():
        mode = service.network_mode
        if mode.startswith("service:"):
            lender = subject.project.services.get(subject.reaches[service.name].holder)
            ports = ", ".join(port.written for port in lender.ports) if lender else ""
            published = f", and {ports} may lead into it" if ports else ""
            what = f"it has the networks and the loopback of {mode.removeprefix('service:')}{published}"
            yield Hit(service.place_of("network_mode"), service.name, what)


def _volume_elsewhere(subject: Subject) -> Iterator[Hit]:
    for service in subject.project.services.values():
        for mount, volume in subject.project.volumes_of(service):
            if volume.elsewhere:
                by = volume.type if volume.driver in {"", "local"} else f"the driver {volume.driver}"
                yield Hit(mount.place, service.name, f"{mount.source} is kept by {by}")


def _logs_elsewhere(subject: Subject) -> Iterator[Hit]:
    for service in subject.project.services.values():
        driver = service.logs_elsewhere
        if driver:
            yield Hit(driver.place, service.name, f"{driver.written} carries on what it prints")


def _host_network(subject: Subject) -> Iterator[Hit]:
    for service in subject.project.services.values():
        for path in subject.reaches[service.name].paths:
            if path.way is Way.HOST:
                yield Hit(path.place, service.name, f"it uses {path.what}")


def _used(subject: Subject) -> Iterator[tuple[Service, str, Place]]:
    for service in subject.project.services.values():
        for name, place in service.networks.items():
            yield service, name, place


def _unprotected(subject: Subject) -> Iterator[Hit]:
    for service, name, place in _used(subject):
        network = subject.project.networks.get(name)
        if network and network.unprotected and not network.external:
            yield Hit(place, service.name, f"all its ports are open to machines that know a way to {name}")


def _undefined(subject: Subject) -> Iterator[Hit]:
    for service, name, place in _used(subject):
        if name not in subject.project.networks and name != "default":
            yield Hit(place, service.name, f"no network is called {name}")


def _networks_in_use(subject: Subject) -> Iterator[Network]:
    used = {name for _, name, _ in _used(subject)}
    yield from (network for name, network in subject.project.networks.items() if name in used)


def _external(subject: Subject) -> Iterator[Hit]:
    for network in _networks_in_use(subject):
        if network.external:
            yield Hit(network.place, "", f"{network.name} is made elsewhere")


def _reaches_machine(subject: Subject) -> Iterator[Hit]:
    for network in _networks_in_use(subject):
        on_bridge = network.driver in {"", "bridge", "default"}
        if network.internal and not network.external and on_bridge and not network.apart:
            yield Hit(network.place, "", f"{network.name} is internal, but its bridge has an address of the machine's")


def _host_gateway(subject: Subject) -> Iterator[Hit]:
    for service in subject.project.services.values():
        for host in service.texts("extra_hosts"):
            if host.text.endswith("host-gateway"):
                yield Hit(host.place, service.name, f"{host.written} names the machine")
        node = service.node("extra_hosts")
        for name, entry in getattr(node, "entries", {}).items():
            if getattr(entry.value, "text", "") == "host-gateway":
                yield Hit(entry.place, service.name, f"{name} names the machine")


def _proxies(subject: Subject) -> Iterator[Hit]:
    for service in subject.project.services.values():
        for name, variable in service.environment.items():
            if name.lower() in _PROXIES and (variable.text != "" or variable.unknown):
                given = "is whoever runs Compose's" if variable.text is None else "is set"
                yield Hit(variable.place, service.name, f"{name} {given}")


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(text)
    except ValueError:
        return None


def _fixed_addresses(subject: Subject) -> set[tuple[str, IPv4Address | IPv6Address]]:
    """Networks, and addresses that services are given on them."""
    given = (
        (network, _address(text_at(service.node("networks", network), key)))
        for service, network, _ in _used(subject)
        for key in ("ipv4_address", "ipv6_address")
    )
    return {(network, address) for network, address in given if address}


def _dns(subject: Subject) -> Iterator[Hit]:
    fixed = _fixed_addresses(subject)
    for service in subject.project.services.values():
        reach = subject.reaches[service.name]
        if reach.out in {Out.INDIRECT, Out.NO} and reach.networks:
            for server in service.texts("dns"):
                address = _address(server.text)
                if address and (address.is_loopback or any((network, address) in fixed for network in reach.networks)):
                    continue
                yield Hit(server.place, service.name, f"names are asked of {server.written}, past its networks")


RULES = (
    Rule(
        id="published-port-dropped",
        severity=Severity.ERROR,
        title="A published port leads nowhere",
        why="Docker publishes no port of a container that has only internal networks, and says nothing. The service "
        "seems to run and cannot be reached; who repairs that in a hurry opens the internal network to everything.",
        fix="Put a gateway that is on a normal network and on the internal one before it, and publish the port there.",
        check=_dropped,
    ),
    Rule(
        id="engine-published-port",
        severity=Severity.ERROR,
        title="An engine publishes a port",
        why="Whoever reaches the machine talks to the engine past keys, limits and audit. Engines answer much without "
        "a key, and Docker's own rules let the port through before the machine's firewall.",
        fix='Take "ports" away. Let a gateway that passes on only what it knows reach the engine over an internal '
        "network or a Unix socket.",
        check=_engine_published,
    ),
    Rule(
        id="engine-port-on-this-machine",
        severity=Severity.WARNING,
        title="An engine publishes a port for this machine's programs",
        why="Every user and every web page open on this machine can talk to the engine without a key. Before Docker "
        "28, so can other machines on the same network segment.",
        fix='Take "ports" away, and reach the engine through a gateway.',
        check=_engine_published_here,
    ),
    Rule(
        id="port-on-all-addresses",
        severity=Severity.NOTE,
        title="A port is published at every address",
        why="Other machines reach it, whatever ufw or firewalld say: Docker's rules come before theirs.",
        fix='Name the address: "127.0.0.1:8001:8001". Leave it only for what is meant for all.',
        check=_all_addresses,
    ),
    Rule(
        id="engine-reaches-out",
        severity=Severity.ERROR,
        title="An engine has a way out",
        why="A model, a library or somebody who got in through a document can send what the engine reads anywhere; and "
        "what it is missing, the engine fetches from outside.",
        fix='Give the engine "network_mode: none" and a Unix socket in a shared volume, or only networks with '
        '"internal: true".',
        check=_engine_out,
    ),
    Rule(
        id="engine-on-unknown-network",
        severity=Severity.WARNING,
        title="Whether an engine has a way out is not in the file",
        why="A network that is made elsewhere may lead out, today or after the next change to it; so may another "
        "container with which it shares processes, memory or volumes.",
        fix='Define the network here, with "internal: true", and the other container as a service.',
        check=_engine_unknown,
    ),
    Rule(
        id="engine-shares-network",
        severity=Severity.WARNING,
        title="An engine borrows another service's network",
        why="The engine gets every network that the other one is on, and each reaches what the other serves on its "
        "loopback address.",
        fix="Give the engine a network of its own, or none.",
        check=_engine_shares,
    ),
    Rule(
        id="volume-elsewhere",
        severity=Severity.WARNING,
        title="A volume is kept on another machine",
        why="What the service writes there leaves the machine, whatever its networks are, and whoever has that machine "
        "reads and changes it.",
        fix="Keep it on this machine, in an encrypted file system if it must stay secret when disks are taken out.",
        check=_volume_elsewhere,
    ),
    Rule(
        id="logs-sent-away",
        severity=Severity.WARNING,
        on_engines=Severity.ERROR,
        title="Logs are sent away",
        why="Docker carries what the service prints to another machine or program, whatever the service's networks "
        "are. Who gets in sends what it likes by printing it, and an engine's error may hold what it read.",
        fix="Take json-file, local or journald, and have counts collected in place of lines.",
        check=_logs_elsewhere,
    ),
    Rule(
        id="host-network",
        severity=Severity.ERROR,
        title="A service uses the machine's own network",
        why="It reaches whatever the machine reaches, its loopback services included, and listens for everybody.",
        fix="Take it off and name networks; publish the ports that are needed.",
        check=_host_network,
    ),
    Rule(
        id="network-unprotected",
        severity=Severity.WARNING,
        on_engines=Severity.ERROR,
        title="A network leaves every port open",
        why="With nat-unprotected, other machines that route to the network reach ports that nobody published.",
        fix="Take com.docker.network.bridge.gateway_mode_ipv4 and gateway_mode_ipv6 away, or set them to isolated.",
        check=_unprotected,
    ),
    Rule(
        id="network-undefined",
        severity=Severity.ERROR,
        title="A network is not defined",
        why="Compose refuses the file; nothing can be said about what the service reaches.",
        fix='Define it under "networks".',
        check=_undefined,
    ),
    Rule(
        id="internal-forgotten",
        severity=Severity.WARNING,
        title="A network is internal for Compose 2, and not for Compose 1",
        why="Compose 1 takes a network as the last file has it and forgets what earlier ones say: it gets a way out.",
        fix='Write "internal: true" in every file that names the network under "networks", or name it in one only.',
        check=faults("internal-forgotten"),
    ),
    Rule(
        id="external-network",
        severity=Severity.NOTE,
        title="A network is made elsewhere",
        why="Whether it leads out, and who else is on it, is not in the file.",
        fix="Define it here, or look with: docker network inspect NAME",
        check=_external,
    ),
    Rule(
        id="internal-network-reaches-machine",
        severity=Severity.NOTE,
        title="An internal network leads to this machine",
        why="Its containers reach every service of the machine that listens on all addresses: SSH, databases, a proxy.",
        fix="With Docker 28 or newer, give its driver_opts com.docker.network.bridge.gateway_mode_ipv4 and "
        "gateway_mode_ipv6, both isolated. With an older one, use network_mode: none and a Unix socket.",
        check=_reaches_machine,
    ),
    Rule(
        id="host-gateway",
        severity=Severity.WARNING,
        title="A service is told the machine's address",
        why="It is made to talk to services of the machine; a proxy among them is a way out.",
        fix="Run what it needs as a service, on a network that both share.",
        check=_host_gateway,
    ),
    Rule(
        id="proxy-variable",
        severity=Severity.WARNING,
        title="A proxy is set",
        why="Whatever honours it sends its requests there: a way out of a network that has none. Passwords in it are "
        "seen by whoever may inspect the container.",
        fix='Take it away. Set it to "" to keep Docker\'s own settings from giving one.',
        check=_proxies,
    ),
    Rule(
        id="dns-server",
        severity=Severity.WARNING,
        title="Names are asked of an outside server",
        why="The service has no way out, but the names it asks for are passed on by Docker: data can leave as names.",
        fix='Take "dns" away. Docker finds services by itself.',
        check=_dns,
    ),
)
