#!/usr/bin/env bash
# Sets this machine up for `make demo`, `make test`, `make deb` or `make system-test`: the Debian packages that are
# missing, then .venv.
# Where all is there already it says nothing and takes a moment. Usage: .ci/bootstrap.sh {demo|test|deb|system}
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
trap 'exit 130' INT

goal=${1-}
stamp=$goal # what .venv is good for: everything but the demo wants the same of it
# Python's own headers and venv are added below, by the name of the Python that is used. gcc and the two -dev packages
# compile evdev, which has no wheel.
packages=(gcc libc6-dev linux-libc-dev make mosquitto fonts-inter fonts-noto-core)
case $goal in
    demo) extras=hub ;;
    test) extras=camera,gpio,hub,postgres,dev
        packages+=(chromium fish fonts-noto-cjk gir1.2-umockdev-1.0 git libgl1 libzbar0 postgresql python3-gi swtpm
            tmux tpm2-tools umockdev zsh) ;;
    deb) extras=camera,gpio,hub,postgres,dev stamp=test
        packages+=(debhelper dpkg-dev gcc-aarch64-linux-gnu git libc6-dev-arm64-cross lintian
            python3-dev python3-venv) ;;
    system) extras=camera,gpio,hub,postgres,dev stamp=test
        packages+=(debootstrap iproute2 systemd-container) ;;
    *) echo "usage: .ci/bootstrap.sh {demo|test|deb|system}" >&2 && exit 2 ;;
esac
venv=.venv
log=var/setup.log
unreachable='Temporary failure|Could not resolve|Name or service not known|Network is unreachable|No route to host'
unreachable+='|Could not connect|Connection refused|timed out|NewConnectionError|Max retries exceeded'
sudo=$([ "$(id -u)" = 0 ] || echo "sudo ")

main() {
    ready && return
    machine_is_one_we_know
    take_turns
    ready && return
    find_python
    install_packages
    if ! ready; then
        make_venv
        fill_venv
    fi
    say "Ready."
}

say() { printf 'set-up: %s\n' "$*"; }

# One sentence for a person: what is wrong, and the command that mends it. A build machine keeps no log, so it gets
# the end of it here.
stop() {
    [ -z "${CI-}" ] || [ ! -s "$log" ] || tail -n 40 "$log" >&2
    printf 'OPOS cannot be set up: %s\n' "$*" >&2
    exit 1
}

# Runs a command with its output in the log; a person at a terminal sees its latest line.
logged() {
    local status=0 line
    echo "== $*" >>"$log"
    if [ -t 1 ]; then
        "$@" 2>&1 </dev/null 9>&- | tee -a "$log" |
            while IFS= read -r line; do printf '\r\033[K  %.72s' "$line"; done || status=$?
        printf '\r\033[K'
    else
        "$@" >>"$log" 2>&1 </dev/null 9>&- || status=$?
    fi
    return $status
}

# What the log has of the command that ran last, and the complaint in it that says most.
last_step() { awk '/^== / { step = "" } { step = step $0 "\n" } END { printf "%s", step }' "$log"; }
complaint() { last_step | sed -nE '/^ *(E|ERROR|Error): */ { s///; h }; $ { x; /./!x; p }'; }

# A full disk and a missing network look the same to apt and to pip.
stop_if_the_machine_is_to_blame() {
    if last_step | grep 'No space left on device' >/dev/null; then
        stop "the disk is full: make room (what takes it: du -xh / | sort -h | tail), then run: make $goal"
    fi
    if last_step | grep -E "$unreachable" >/dev/null; then
        stop "the network does not reach the package servers ($log): connect this machine, then run: make $goal"
    fi
}

missing() {
    local installed package
    installed=$'\n'$(dpkg-query -W -f='${db:Status-Status} ${Package}\n' "$@" 2>/dev/null || true)$'\n'
    for package in "$@"; do
        [[ $installed == *$'\n'"installed $package"$'\n'* ]] || echo "$package"
    done
}

# What .venv was made from: it is stale when any of this changes, and when the clone moves.
key() { { cat pyproject.toml constraints.txt .ci/bootstrap.sh && place; } | sha256sum; }
place() { echo "$PWD $(readlink -f $venv/bin/python)"; }
fresh() { [ "$(cat "$venv/.opos-$1" 2>/dev/null)" = "$(key)" ]; }

ready() {
    [ -x $venv/bin/python ] && { fresh test || { [ "$goal" = demo ] && fresh demo; }; } &&
        [ -z "$(missing "${packages[@]}")" ]
}

machine_is_one_we_know() {
    [ "$(uname -s)" = Linux ] || stop "it runs on Linux, and this is $(uname -s):" \
        "use a machine (a virtual one will do) with Debian 12 or newer."
    local path
    for path in . var $venv; do
        [ ! -e $path ] || [ -w $path ] || stop "$(id -un) may not write to $path here:" \
            "run: sudo chown -R $(id -un) '$PWD' && make $goal"
    done
    { command -v apt-get && command -v dpkg-query; } >/dev/null || stop "there is no apt-get here," \
        "so install the like of these yourself: ${packages[*]};" \
        "then run: python3 -m venv $venv && $venv/bin/pip install -c constraints.txt -e '.[$extras]'"
}

# Two set-ups at once would trip over each other. The lock is not handed on (9>&-), since apt starts services.
take_turns() {
    mkdir -p var
    exec 9>var/setup.lock
    flock --nonblock 9 || { say "another set-up is running here; waiting for it" && flock 9; }
    : >"$log"
}

# The first Python that is new enough and can make a virtual environment, or can once Debian's own packages are there.
find_python() {
    local candidate newest=none found version
    local ask='import os, sys; print(*sys.version_info[:2], os.path.realpath(sys.executable))'
    for candidate in python3 /usr/bin/python3 python3.13 python3.12 python3.11; do
        found=$("$candidate" -c "$ask" 2>/dev/null) || continue
        read -r version python <<<"${found/ /.}"
        newest=$version
        [ "${version#3.}" -ge 11 ] || continue
        if [[ $python == /usr/bin/* ]]; then
            packages+=("python$version-venv" "python$version-dev")
            return
        fi
        "$python" -c 'import ensurepip, venv' 2>/dev/null && return
    done
    stop "it needs Python 3.11 or newer (here: $newest), as Debian 12 and its kin bring:" \
        "run: ${sudo}apt-get install -y python3 && make $goal"
}

install_packages() {
    local wanted
    mapfile -t wanted < <(missing "${packages[@]}")
    [ ${#wanted[@]} -gt 0 ] || return 0
    local mend="apt-get install -y --no-install-recommends ${wanted[*]}"
    may_be_root "$mend"
    say "installing Debian packages: ${wanted[*]}"
    # A machine may be offline and still have the packages: only the installation decides.
    logged ${sudo}apt-get update || true
    logged ${sudo}env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 ${mend#apt-get } || {
        stop_if_the_machine_is_to_blame
        stop "apt-get failed ($(complaint)): run: ${sudo}apt-get update && ${sudo}$mend && make $goal"
    }
    if [[ " ${wanted[*]} " == *" mosquitto "* && -d /run/systemd/system ]]; then
        say "Debian runs the new mosquitto as a service on port 1883. The demo starts one of its own on another port;"
        say "if nothing else wants the service: ${sudo}systemctl disable --now mosquitto"
    fi
    if [[ " ${wanted[*]} " == *" postgresql "* && -d /run/systemd/system ]]; then
        say "Debian runs the new PostgreSQL as a service on port 5432. The tests start one of their own on another port;"
        say "if nothing else wants the service: ${sudo}systemctl disable --now postgresql"
    fi
}

may_be_root() {
    [ -n "$sudo" ] || return 0
    local lacks="Debian packages are missing"
    command -v sudo >/dev/null || stop "$lacks and there is no sudo: run: su -c '$1' && make $goal"
    if [ -t 0 ]; then
        sudo true || stop "$lacks and sudo refuses $(id -un): let an administrator run: $1"
    else
        sudo -n true 2>/dev/null || stop "$lacks and sudo wants a password that nobody can type here:" \
            "run: sudo $1 && make $goal"
    fi
}

make_venv() {
    if [ -e $venv ] && ! usable; then
        say "$venv belongs to another place or Python: making it anew"
        rm -rf $venv
    fi
    if [ ! -e $venv ]; then
        say "making $venv with $python"
        logged "$python" -m venv $venv || {
            stop_if_the_machine_is_to_blame
            stop "$python cannot make a virtual environment ($(complaint)):" \
                "run: ${sudo}apt-get install -y --reinstall python3-venv && make $goal"
        }
    fi
    place >$venv/.opos-place
}

# One made by hand is as good, if it has pip and is new enough.
usable() {
    [ "$(cat $venv/.opos-place 2>/dev/null || place)" = "$(place)" ] &&
        $venv/bin/python -c 'import sys, pip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

fill_venv() {
    say "installing Python packages into $venv (a minute or two the first time; details: $log)"
    rm -f $venv/.opos-demo $venv/.opos-test
    logged $venv/bin/python -m pip install --disable-pip-version-check -c constraints.txt -e ".[$extras]" || {
        stop_if_the_machine_is_to_blame
        stop "pip failed ($(complaint)): see $log, then run: rm -rf $venv && make $goal"
    }
    key >"$venv/.opos-$stamp"
}

main
