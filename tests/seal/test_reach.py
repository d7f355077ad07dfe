"""From what was sent and what arrived to checks: by hand, for what no real machine does on demand."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from muniment.seal.claims import Check, Verdict, worst
from muniment.seal.listening import Listening
from muniment.seal.probing import Seen
from muniment.seal.reach import NAME, Aim, Neighbour, Reached, aims, open_doors, probes
from tests.seal.test_kernel import FIB_TRIE, IF_INET6, ROUTE, TCP

TOKEN = "0123abcd"
FILES: dict[str, str | None] = {
    "fib_trie": FIB_TRIE,
    "if_inet6": IF_INET6,
    "route": ROUTE.replace("010014AC", "0101A8C0"),
    "resolv.conf": "nameserver 10.0.0.53\n",
}
HEARD = Listening(port=40_000, names_port=40_001, files=FILES)
ALL = aims(HEARD, ["172.20.0.1"], [Neighbour("gateway", "172.20.0.2", 8001)], loopback=False)
HEAD = ROUTE.splitlines(keepends=True)[0]
"""All that a place without routes has."""
INTERNAL = HEAD + ROUTE.splitlines(keepends=True)[2]
"""A network without a way out."""


def seen(outcomes: dict[int, str], sender: str, route: str = HEAD, resolver: str | None = None) -> Seen:
    told = {f"{sender}-{number}": outcome for number, outcome in outcomes.items()}
    if resolver is not None:
        told["resolver 127.0.0.11"] = resolver
    return Seen(
        outcomes=told,
        interfaces=("lo",),
        files={"route": route, "ipv6_route": "", "tcp": TCP.splitlines()[0]},
        resolvers=() if resolver is None else ("127.0.0.11",),
        processes=(),
    )


def every(outcome: str) -> dict[int, str]:
    return dict.fromkeys(range(len(ALL)), outcome)


def at(address: str, kind: str = "tcp") -> int:
    return next(number for number, aim in enumerate(ALL) if (aim.address, aim.kind) == (address, kind))


def arrived(sender: str, wanted: Sequence[Aim] = ALL) -> frozenset[tuple[str, str]]:
    return frozenset((aim.kind, f"{sender}-{number}") for number, aim in enumerate(wanted) if aim.role == "listener")


CONTROL = seen(every("answered"), "gateway", ROUTE, "NOERROR")
SHUT = seen(every("ENETUNREACH"), "engine", resolver="ENETUNREACH")
SEALED = Reached(ALL, {"engine": SHUT, "gateway": CONTROL}, arrived("gateway"), ("gateway",), ("here",))


def checks(reached: Reached, sender: str = "engine") -> dict[str, list[Check]]:
    return {
        "internet": reached.internet(sender, "engine"),
        "host": reached.host(sender, "engine"),
        "neighbours": reached.neighbours(sender, "engine", {"172.20.0.2"}),
        "names": reached.names(sender, "engine"),
    }


def verdicts(reached: Reached) -> dict[str, Verdict]:
    return {name: worst(check.verdict for check in found) for name, found in checks(reached).items()}


def test_every_address_of_the_machine_is_tried_by_every_way() -> None:
    tried = {(aim.kind, aim.address) for aim in ALL if aim.role == "listener"}
    addresses = ("172.17.0.1", "fd00::2", "172.20.0.1")
    assert tried == {(kind, address) for kind in ("tcp", "udp", "dns") for address in addresses}
    assert {aim.port for aim in ALL if aim.address == "192.0.2.1"} == {53, 80, 443}


def test_so_are_those_that_this_machine_itself_goes_out_by() -> None:
    ways = {(aim.kind, aim.address, aim.port) for aim in ALL if aim.role == "way"}
    assert ways >= {("tcp", "192.168.1.1", 443), ("dns", "10.0.0.53", 53), ("tcp", "169.254.169.254", 80)}


def test_probes_are_told_apart_by_their_senders() -> None:
    ours, theirs = probes("engine", TOKEN, ALL), probes("gateway", TOKEN, ALL)
    assert not {one.id for one in ours} & {one.id for one in theirs}
    own = next(number for number, aim in enumerate(ALL) if aim.role == "listener")
    assert ours[own].name == f"engine-{own}.{TOKEN}.test"
    assert ours[at("10.0.0.53", "dns")].name == NAME


def test_a_sealed_one_holds() -> None:
    assert set(verdicts(SEALED).values()) == {Verdict.HOLDS}


def test_each_check_says_what_was_tried_and_what_came_of_its_control() -> None:
    shown = {check.what: (check.seen, check.control) for check in SEALED.host("engine", "engine")}
    assert shown["TCP to 172.17.0.1:40000"] == ("ENETUNREACH", "answered, arrived")
    assert shown["UDP to [fd00::2]:40000"] == ("ENETUNREACH", "answered, arrived")


def test_this_machines_own_network_is_a_control_for_ipv6_alone() -> None:
    old = seen(
        {n: "EADDRNOTAVAIL" if ":" in aim.address else "answered" for n, aim in enumerate(ALL)}, "gateway", ROUTE
    )
    here = seen(every("answered"), "here", ROUTE)
    without6 = frozenset(
        (way, name) for way, name in arrived("gateway") if ":" not in ALL[int(name.rpartition("-")[2])].address
    )
    reached = replace(SEALED, seen={"engine": SHUT, "gateway": old, "here": here}, arrived=without6 | arrived("here"))
    assert verdicts(reached)["host"] is Verdict.HOLDS
    alone = replace(reached, seen={"engine": SHUT, "here": here}, arrived=arrived("here"))
    found = {check.what: check.verdict for check in checks(alone)["host"]}
    assert found["TCP to [fd00::2]:40000"] is Verdict.HOLDS
    assert found["TCP to 172.17.0.1:40000"] is Verdict.UNPROVEN


def test_without_a_control_nothing_is_proven() -> None:
    reached = replace(SEALED, seen={"engine": SHUT}, arrived=frozenset())
    assert set(verdicts(reached).values()) == {Verdict.UNPROVEN}


def test_what_arrived_is_broken_whatever_the_program_said() -> None:
    number = at("172.20.0.1", "udp")
    lying = replace(SEALED, arrived=SEALED.arrived | {("udp", f"engine-{number}")})
    assert verdicts(lying)["host"] is Verdict.BROKEN


def inside(outcomes: dict[int, str], control: Seen = CONTROL) -> Reached:
    """One on an internal network of Docker before 28: it has a route to a router, where all is thrown away."""
    here = frozenset((aim.kind, f"engine-{n}") for n, aim in enumerate(ALL) if outcomes[n] == "answered")
    seen_inside = seen(outcomes, "engine", ROUTE, "SERVFAIL")
    return replace(SEALED, seen={"engine": seen_inside, "gateway": control}, arrived=SEALED.arrived | here)


LISTENERS = [number for number, aim in enumerate(ALL) if aim.role == "listener"]


def test_the_host_on_an_internal_network_is_the_hosts_claim_alone() -> None:
    found = verdicts(inside(every("ETIMEDOUT") | dict.fromkeys(LISTENERS, "answered")))
    assert found["host"] is Verdict.BROKEN
    assert found["internet"] is Verdict.HOLDS
    assert found["neighbours"] is Verdict.HOLDS


def test_a_route_that_leads_to_somebody_beyond_is_broken() -> None:
    found = inside(every("ETIMEDOUT") | {at("10.0.0.53", "dns"): "NOERROR"})
    assert verdicts(found)["internet"] is Verdict.BROKEN
    assert verdicts(found)["names"] is Verdict.BROKEN


def test_a_route_of_which_nobody_beyond_can_tell_proves_nothing() -> None:
    """This machine is offline: what is sent is lost from where it should work too."""
    alone = seen(every("ETIMEDOUT") | dict.fromkeys(LISTENERS, "answered"), "gateway", ROUTE, "SERVFAIL")
    found = checks(inside(every("ETIMEDOUT"), alone))["internet"]
    assert [(check.what, check.verdict) for check in found] == [("routes", Verdict.UNPROVEN)]


def test_a_route_to_where_nothing_was_tried_proves_nothing() -> None:
    """To a network of somebody's, and nowhere else."""
    aside = HEAD + "eth0\t0000080A\t010014AC\t0003\t0\t0\t0\t0000FFFF\t0\t0\t0\n"
    within = seen(every("ENETUNREACH"), "engine", aside, "ENETUNREACH")
    found = checks(replace(SEALED, seen={"engine": within, "gateway": CONTROL}))["internet"]
    assert [check.seen for check in found if check.verdict is not Verdict.HOLDS] == [
        "10.8.0.0/16 by 172.20.0.1; nobody there answered the control"
    ]


@pytest.mark.parametrize("files", [{}, {"route": None, "tcp": None}])
def test_what_the_kernel_does_not_tell_proves_nothing(files: dict[str, str | None]) -> None:
    mute = SHUT.model_copy(update={"files": files, "resolvers": None})
    found = checks(replace(SEALED, seen={"engine": mute, "gateway": CONTROL}))
    assert worst(check.verdict for check in found["internet"]) is Verdict.UNPROVEN
    assert worst(check.verdict for check in found["names"]) is Verdict.UNPROVEN
    assert open_doors(mute, "engine").verdict is Verdict.UNPROVEN


def test_without_a_route_an_offline_machine_is_proof_enough() -> None:
    offline = every("ENETUNREACH") | dict.fromkeys(LISTENERS, "answered")
    reached = replace(SEALED, seen={"engine": SHUT, "gateway": seen(offline, "gateway", INTERNAL, "SERVFAIL")})
    found = checks(reached)["internet"]
    assert not any("192.0.2.1" in check.what for check in found)
    assert worst(check.verdict for check in found) is Verdict.HOLDS
    assert [check.method for check in found].count("probe") > 1


def test_a_resolver_that_finds_a_name_is_broken() -> None:
    reached = replace(
        SEALED, seen={"engine": seen(every("ENETUNREACH"), "engine", resolver="NOERROR"), "gateway": CONTROL}
    )
    (check,) = [one for one in checks(reached)["names"] if NAME in one.what]
    assert check.verdict is Verdict.BROKEN


def test_one_without_resolvers_asks_nobody() -> None:
    reached = replace(SEALED, seen={"engine": seen(every("ENETUNREACH"), "engine"), "gateway": CONTROL})
    assert [check.seen for check in checks(reached)["names"] if check.method == "kernel"] == ["none"]


def test_connections_from_a_network_are_taken_by_none_that_should_have_none() -> None:
    assert open_doors(SHUT, "engine").verdict is Verdict.HOLDS
    found = open_doors(SHUT.model_copy(update={"files": {"tcp": TCP}}), "engine")
    assert (found.verdict, found.seen) == (Verdict.BROKEN, "0.0.0.0:8000")
