"""Rules about what a container may do to the machine."""

import posixpath
import re
from collections.abc import Iterator

from muniment.seal.lint.reach import controls_docker
from muniment.seal.lint.rule import Hit, Rule, Severity, Subject
from muniment.seal.lint.services import Service
from muniment.seal.lint.storage import Kind, Mount
from muniment.seal.ruling import plain

_ESCAPING = {
    "ALL",
    "SYS_ADMIN",
    "SYS_MODULE",
    "SYS_RAWIO",
    "SYS_BOOT",
    "DAC_READ_SEARCH",
    "BPF",
    "MAC_ADMIN",
    "MAC_OVERRIDE",
}
_HARMLESS = {
    *("AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE", "NET_RAW"),
    *("SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT", "IPC_LOCK", "SYS_NICE"),
}
"""Docker's defaults, and two that cost only memory and time."""
_UNCONFINED = re.compile(r"(seccomp|apparmor|systempaths)[:=]unconfined|label[:=]disable")
_NO_NEW_PRIVILEGES = re.compile(r"no-new-privileges([:=]true)?")
_NAMESPACES = {"ipc": "ipc", "userns_mode": "user ids", "uts": "host name", "cgroup": "control groups"}
_RAW_DEVICE = re.compile(
    r"/dev(/(mem|kmem|port|kmsg|x?vd[a-z]+\d*|sd[a-z]+\d*|(nvme|md|mmcblk|loop|rbd)\d.*|(dm-|mapper/|disk/|md/|rbd/).*))?"
)
_HOME = re.compile(r"(\$HOME\b|\$\{HOME[^}]*\}|~|/root|/home/[^/]+)(?=/|$)")
_SECRETS = ("~/.ssh", "~/.aws", "~/.docker", "~/.kube", "~/.gnupg", "~/.config/gcloud", "~/.azure")
_RUN = re.compile("^/var/run(?=/|$)")
_WHOLE = {
    "/",
    "/etc",
    "/root",
    "/home",
    "/boot",
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib64",
    "/opt",
    "/var",
    "/var/lib",
    "~",
}
_READ_BY_ALL = {"/usr", "/bin", "/sbin", "/lib", "/lib64", "/opt", "/boot"}
"""Holds nothing that is not public, so that reading it is no harm."""
_BELOW = (
    "/proc",
    "/boot",
    "/var/lib/docker",
    "/var/lib/containerd",
    "/etc/ssh",
    "/etc/sudoers",
    "/etc/cron",
    "/etc/systemd",
    "/run/dbus",
)
_PROGRAMS = re.compile(
    "/(sys|usr|bin|sbin|lib(x?32|64)?|var/spool/cron|run/systemd"
    "|etc/(passwd|group|crontab|ld[.]so[.]preload|pam[.]d|profile[.]d))(/.*)?"
)
"""What the machine runs, and what says who runs it; reading most of it is no harm."""
_FILES = {"/etc/shadow", "/etc/gshadow", "/etc/docker", "/etc/kubernetes", "/etc/sudoers.d"}


def _services(subject: Subject) -> Iterator[Service]:
    yield from subject.project.services.values()


def _is_privileged(service: Service) -> bool:
    privileged = service.scalar("privileged")
    return privileged is not None and privileged.is_true


def _unprivileged(subject: Subject) -> Iterator[Service]:
    """Those of which it makes a difference what else they may."""
    yield from (service for service in _services(subject) if not _is_privileged(service))


def _privileged(subject: Subject) -> Iterator[Hit]:
    for service in _services(subject):
        if _is_privileged(service):
            yield Hit(service.place_of("privileged"), service.name, "it may do everything")


def _docker_socket(subject: Subject) -> Iterator[Hit]:
    for service in _services(subject):
        for mount in service.mounts:
            if controls_docker(mount):
                yield Hit(mount.place, service.name, f"{mount.written} is mounted")
        lent = service.scalar("use_api_socket")
        if lent and lent.is_true:
            yield Hit(lent.place, service.name, "use_api_socket lends it Docker's socket and your logins")


def _capability(text: str) -> str:
    return text.upper().removeprefix("CAP_")


def _escaping(subject: Subject) -> Iterator[Hit]:
    for service in _unprivileged(subject):
        for added in service.texts("cap_add"):
            if _capability(added.text) in _ESCAPING:
                yield Hit(added.place, service.name, f"it has {_capability(added.text)}")


def _added(subject: Subject) -> Iterator[Hit]:
    for service in _unprivileged(subject):
        for added in service.texts("cap_add"):
            if _capability(added.text) not in _ESCAPING | _HARMLESS and not added.unknown:
                yield Hit(added.place, service.name, f"it has {_capability(added.text)}")


def _kept(subject: Subject) -> Iterator[Hit]:
    for service in _unprivileged(subject):
        if "ALL" not in {_capability(dropped.text) for dropped in service.texts("cap_drop")}:
            yield Hit(service.place_of("cap_drop"), service.name, "it keeps Docker's capabilities")


def _new_privileges(subject: Subject) -> Iterator[Hit]:
    for service in _unprivileged(subject):
        if not any(_NO_NEW_PRIVILEGES.fullmatch(option.text) for option in service.texts("security_opt")):
            yield Hit(service.place_of("security_opt"), service.name, "no-new-privileges is not set")


def _unconfined(subject: Subject) -> Iterator[Hit]:
    for service in _unprivileged(subject):
        for option in service.texts("security_opt"):
            if _UNCONFINED.fullmatch(option.text):
                yield Hit(option.place, service.name, f"{option.text} takes a wall away")


def _writable_root(subject: Subject) -> Iterator[Hit]:
    for service in _services(subject):
        read_only = service.scalar("read_only")
        if read_only is None or not (read_only.is_true or read_only.unknown):
            yield Hit(service.place_of("read_only"), service.name, "its root file system can be written to")


def _root(subject: Subject) -> Iterator[Hit]:
    for service in _services(subject):
        user = service.scalar("user")
        if user and user.text.partition(":")[0] in {"root", "0"}:
            yield Hit(user.place, service.name, f'user "{user.written}" is root')


def _host_pid(subject: Subject) -> Iterator[Hit]:
    for service in _services(subject):
        mode = service.scalar("pid")
        if mode and mode.text == "host":
            yield Hit(mode.place, service.name, "it sees and signals the machine's processes")


def _host_namespace(subject: Subject) -> Iterator[Hit]:
    for service in _services(subject):
        for key, what in _NAMESPACES.items():
            mode = service.scalar(key)
            if mode and mode.text == "host":
                yield Hit(mode.place, service.name, f"{key}: host shares the machine's {what}")
        for mount in service.mounts:
            if mount.source == "/dev/shm":  # noqa: S108 - looked for, not written to
                yield Hit(mount.place, service.name, f"{mount.source} is the machine's shared memory")


def _devices(subject: Subject) -> Iterator[Hit]:
    for service in _unprivileged(subject):
        for device, place in service.devices:
            if _RAW_DEVICE.fullmatch(device):
                yield Hit(place, service.name, f"{device} is given to it")
        for mount, volume in subject.project.volumes_of(service):
            if volume.disk:
                yield Hit(mount.place, service.name, f"the volume {mount.source} is {volume.disk}")
        for rule in service.texts("device_cgroup_rules"):
            if rule.text.split()[:1] == ["a"] or rule.text.split()[1:2] == ["*:*"]:
                yield Hit(rule.place, service.name, f'"{rule.text}" lets it use every device')


def _folders(subject: Subject, *, read_only: bool) -> Iterator[Hit]:
    for service in _services(subject):
        for mount in service.mounts:
            if mount.kind is not Kind.BIND or mount.read_only != read_only:
                continue
            # A socket is told as such; "/" is more than the sockets in it.
            if _is_the_machines(mount) and (mount.source == "/" or not controls_docker(mount)):
                yield Hit(mount.place, service.name, f"{mount.written} is mounted")


def _is_the_machines(mount: Mount) -> bool:
    """Whether it is the machine's own, and not the service's."""
    # Of ${HOME} nothing is known but that it is a home.
    spelt = mount.written if _HOME.match(mount.written) else mount.source
    path = posixpath.normpath(_HOME.sub("~", plain(spelt), count=1)) if spelt else ""
    path = _RUN.sub("/run", path)
    if mount.read_only and path in _READ_BY_ALL:
        return False
    if not mount.read_only and _PROGRAMS.fullmatch(path):
        return True
    below = any(path == one or path.startswith((f"{one}/", f"{one}.")) for one in (*_BELOW, *_SECRETS))
    return below or path in _WHOLE | _FILES


def _folders_writable(subject: Subject) -> Iterator[Hit]:
    return _folders(subject, read_only=False)


def _folders_readable(subject: Subject) -> Iterator[Hit]:
    return _folders(subject, read_only=True)


def _unbounded(subject: Subject) -> Iterator[Hit]:
    for service in _services(subject):
        limits = ("deploy", "resources", "limits")
        without = [
            what
            for what, ways in {
                "memory": (("mem_limit",), (*limits, "memory")),
                "processes": (("pids_limit",), (*limits, "pids")),
            }.items()
            if not any(service.scalar(*way) for way in ways)
        ]
        if without:
            yield Hit(service.place, service.name, f"nothing bounds its {' and '.join(without)}")


RULES = (
    Rule(
        id="docker-socket",
        severity=Severity.ERROR,
        title="A service controls Docker",
        why="Whoever gets into it starts a container that owns the machine. Mounting the socket read-only changes "
        "nothing: it is still answered.",
        fix="Take the mount away. Where something must watch containers, put a proxy between that answers only that.",
        check=_docker_socket,
    ),
    Rule(
        id="privileged",
        severity=Severity.ERROR,
        title="A service is privileged",
        why="Nothing separates it from the machine: it can load modules, write to disks, and join every network.",
        fix='Take "privileged" away; give the one device or capability that is missed.',
        check=_privileged,
    ),
    Rule(
        id="capability-escapes",
        severity=Severity.ERROR,
        title="A capability lets a service leave its container",
        why="With it, root in the container becomes root on the machine, by steps that anybody can look up.",
        fix='Take it out of "cap_add".',
        check=_escaping,
    ),
    Rule(
        id="capability-added",
        severity=Severity.WARNING,
        title="A service has more rights than Docker gives",
        why="Rights over networks, traces or time that whoever gets in has too.",
        fix='Take it out of "cap_add" if the service runs without.',
        check=_added,
    ),
    Rule(
        id="confinement-off",
        severity=Severity.WARNING,
        on_engines=Severity.ERROR,
        title="A wall around a container is taken away",
        why="System calls that Docker refuses, many holes in the kernel among them, are open to whoever gets in.",
        fix='Take it out of "security_opt"; where one call is missed, allow that one with a profile.',
        check=_unconfined,
    ),
    Rule(
        id="host-pid",
        severity=Severity.ERROR,
        title="A service sees the machine's processes",
        why="It reads their command lines and, as root, their environment and memory, and can end them.",
        fix='Take "pid: host" away.',
        check=_host_pid,
    ),
    Rule(
        id="host-namespace",
        severity=Severity.WARNING,
        on_engines=Severity.ERROR,
        title="A service shares a namespace of the machine",
        why="Shared memory is where engines keep images and messages; in the machine's, others read them and put "
        "their own there.",
        fix='Take it away. For an engine that wants more shared memory, set "shm_size".',
        check=_host_namespace,
    ),
    Rule(
        id="raw-device",
        severity=Severity.ERROR,
        title="A service is given the machine's disks or memory",
        why="It reads and writes all files of the machine, past every permission.",
        fix='Take it out of "devices" or "volumes". A GPU is no fault.',
        check=_devices,
    ),
    Rule(
        id="machine-folder-writable",
        severity=Severity.ERROR,
        title="A folder of the machine's own can be written to",
        why="Whoever gets in writes a key, a timer or a program there, and owns the machine.",
        fix='Mount only the folder that is needed, with ":ro".',
        check=_folders_writable,
    ),
    Rule(
        id="machine-folder-readable",
        severity=Severity.WARNING,
        title="A folder of the machine's own can be read",
        why="Keys, passwords and what processes were told are read by whoever gets in.",
        fix="Mount only the files that are needed.",
        check=_folders_readable,
    ),
    Rule(
        id="runs-as-root",
        severity=Severity.WARNING,
        title="A service runs as root",
        why="A hole in the kernel or in Docker then gives root on the machine.",
        fix='Name another user: "user: 10001:10001".',
        check=_root,
    ),
    Rule(
        id="capabilities-kept",
        severity=Severity.NOTE,
        on_engines=Severity.WARNING,
        title="A service keeps capabilities",
        why="Docker's defaults let root in a container change owners, make devices and send raw packets.",
        fix='Set "cap_drop: [ALL]", and add back the few that are missed.',
        check=_kept,
    ),
    Rule(
        id="new-privileges",
        severity=Severity.NOTE,
        on_engines=Severity.WARNING,
        title="A process may gain rights",
        why="A setuid program in the image makes whoever got in root in the container.",
        fix='Set "security_opt: [no-new-privileges:true]".',
        check=_new_privileges,
    ),
    Rule(
        id="writable-root",
        severity=Severity.NOTE,
        on_engines=Severity.WARNING,
        title="A root file system can be written to",
        why="Whoever gets in leaves programs and documents there, for as long as the container is.",
        fix='Set "read_only: true", with "tmpfs" for what must be written.',
        check=_writable_root,
    ),
    Rule(
        id="unbounded",
        severity=Severity.NOTE,
        title="A service may take the whole machine",
        why="One document that is made for it, or one leak, takes the memory or the processes of everything else.",
        fix='Set "mem_limit" and "pids_limit".',
        check=_unbounded,
    ),
)
