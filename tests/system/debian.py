"""The Debian that the machines start from: made once by debootstrap, kept, and never written to again.

It is made in layers: Debian itself, what our packages depend on, and for some machines what a reader of our
docs has. A machine gets them read-only under a layer of its own, so that a run copies nothing and leaves
nothing.
"""

import hashlib
import platform
import shutil
import subprocess
from pathlib import Path
from typing import Final

import msgspec

# Debian's own idea of a small machine, and what a person who looks for a fault has at hand.
_PACKAGES: Final = ("ca-certificates", "dbus", "iproute2", "procps", "systemd-sysv", "udev")
# What docs/install.md has its reader use: `sudo`, and on boards without a screen cloud-init.
_READER: Final = "bash-completion, cloud-init, sudo"
# Program -> the package that brings it; the machine that runs the story needs them, not the machines in it.
_PROGRAMS: Final = {
    "debootstrap": "debootstrap",
    "systemd-nspawn": "systemd-container",
    "unshare": "util-linux",
    "dpkg-deb": "dpkg",
}
# The machines have no other network than the enclosure's, and no server of names: they ask this file.
HUB_HOST: Final = "hub.corner.example"
HUB_ADDRESS: Final = "10.0.0.1"
_FILES: Final = {
    "etc/hosts": f"127.0.0.1 localhost\n::1 localhost\n{HUB_ADDRESS} {HUB_HOST}\n",
    "etc/hostname": "opos\n",
}
# No service of a package is started while a root is made: nothing runs in it.
_NO_SERVICES: Final = "#!/bin/sh\nexit 101\n"
# Where names are asked for while it is made; a machine asks nobody.
_WHILE_MADE: Final = ("etc/resolv.conf",)
# Both fetch some hundred megabytes at most; a mirror that is slower than this is down.
_PATIENCE_S: Final = 1200


class MissingError(Exception):
    """The story cannot be told on this machine; the text is a sentence that says what mends it."""


class Layers(msgspec.Struct, frozen=True):
    """The read-only layers of a machine's root, the upper one first; `more` lies above both of them."""

    needs: Path
    debian: Path
    more: tuple[Path, ...] = ()

    def mount(self, upper: Path, work: Path, root: Path) -> tuple[str, ...]:
        """The command that mounts them at `root`, under `upper`."""
        for folder in (upper, work, root):
            folder.mkdir(parents=True, exist_ok=True)
        layers = (*self.more, self.needs, self.debian)
        below = ":".join(str(layer) for layer in layers if layer.exists())
        options = f"lowerdir={below},upperdir={upper},workdir={work}"
        return ("mount", "-t", "overlay", "opos-system", "-o", options, str(root))


def check_programs() -> None:
    """Raise MissingError unless this machine has all that the machines are made with."""
    packages = [package for program, package in _PROGRAMS.items() if shutil.which(program) is None]
    if packages:
        raise MissingError(
            "Debian packages are missing: run: apt-get install -y --no-install-recommends "
            + " ".join(packages)
        )


def made(folder: Path, needs: str) -> Layers:
    """Have Debian there, and beside it what `needs` (as a Depends field) asks for; raises MissingError.

    Older ones go: a new list of packages makes a new layer.
    """
    suite = _suite()
    debian = folder / f"debian-{_key(suite, *_PACKAGES, *_FILES.values())}"
    layers = Layers(folder / f"needs-{_key(debian.name, needs)}", debian)
    _forget_others(folder, "debian-*", layers.debian)
    _forget_others(folder, "needs-*", layers.needs)
    if not layers.debian.exists():
        _bootstrap(layers.debian, suite)
    if not layers.needs.exists():
        _satisfy(layers.needs, layers, needs)
    return layers


def with_more(folder: Path, layers: Layers) -> Layers:
    """The same, and above it what a reader of our docs has on a machine; raises MissingError."""
    reader = folder / f"reader-{_key(layers.needs.name, _READER)}"
    _forget_others(folder, "reader-*", reader)
    if not reader.exists():
        _satisfy(reader, layers, _READER)
    return msgspec.structs.replace(layers, more=(reader,))


def _forget_others(folder: Path, pattern: str, kept: Path) -> None:
    for old in folder.glob(pattern):
        if old != kept:
            shutil.rmtree(old)


def _suite() -> str:
    """The release that this machine runs: our packages are built for its Python."""
    release = platform.freedesktop_os_release()
    if release["ID"] != "debian":
        raise MissingError(
            f"the packages are for Debian, and this is {release['NAME']}: use a machine with Debian"
        )
    return release["VERSION_CODENAME"]


def _bootstrap(debian: Path, suite: str) -> None:
    new = debian.with_name("new-debian")
    shutil.rmtree(new, ignore_errors=True)
    include = f"--include={','.join(_PACKAGES)}"
    _run("debootstrap", "--variant=minbase", include, suite, str(new))
    for name, text in _FILES.items():
        (new / name).write_text(text)
    policy = new / "usr/sbin/policy-rc.d"
    policy.write_text(_NO_SERVICES)
    policy.chmod(0o755)
    _run("chroot", str(new), "apt-get", "clean")
    new.rename(debian)


def _satisfy(made: Path, below: Layers, needs: str) -> None:
    """Install what is needed into a layer of its own; mounts live and die with the command's namespace."""
    new, beside = made.with_name(f"new-{made.name}"), made.with_name("new-beside")
    for folder in (new, beside):
        shutil.rmtree(folder, ignore_errors=True)
    # What the script takes away at its end, a layer below may have taken away before.
    for name in _WHILE_MADE:
        (new / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(f"/{name}", new / name)
    root = beside / "root"
    mount = below.mount(new, beside / "work", root)
    inside = 'export DEBIAN_FRONTEND=noninteractive && apt-get -q update && apt-get -q -y satisfy "$1"'
    inside += " && apt-get clean && rm -rf /var/lib/apt/lists/* /usr/sbin/policy-rc.d /etc/resolv.conf"
    script = '"${@:3}" && exec unshare --pid --fork --kill-child --root="$1" --mount-proc sh -ec "$0" sh "$2"'
    _run("unshare", "--mount", "bash", "-ec", script, inside, str(root), needs, *mount)
    shutil.rmtree(beside)
    new.rename(made)


def _run(*command: str) -> None:
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=_PATIENCE_S, stdin=subprocess.DEVNULL
    )
    if done.returncode:
        last = " ".join((done.stderr.strip() or done.stdout.strip()).splitlines()[-1:])
        raise MissingError(
            f"{command[0]} made no Debian root ({last}): see that Debian's mirror is reached here"
        )


def _key(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]
