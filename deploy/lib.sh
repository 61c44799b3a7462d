# shellcheck shell=bash
# What the scripts of this folder share: a Python, the packages of the system, the venv in the clone. Sourced, not run.

set -euo pipefail

# What somebody has set for shells and Pythons of their own. With PYTHONPATH pip leaves out what lies there already; with CDPATH
# cd prints; in no venv can pip install for a `user`, as a pip.conf may say.
unset CDPATH PYTHONPATH PYTHONHOME
export PIP_USER=no

ROOT=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd -P)
VENV=$ROOT/.venv
# mosquitto and others lie where only root's PATH looks. And .venv, which may be activated, is never made of itself
PATH=:$PATH:/usr/local/sbin:/usr/sbin:/sbin
PATH=${PATH//":$VENV/bin:"/:}
PATH=${PATH#:}
# what apt and others say is read here, and what is written here is UTF-8
export LC_ALL=C.UTF-8
unset LANGUAGE

say() { printf '%s\n' "$*" >&2; }
die() {
    say "error: $*"
    exit 1
}

# --- the machine ----------------------------------------------------------------------------------------------------

# The programs' bits, not the kernel's: a Raspberry Pi OS of 32 bits runs on a kernel of 64.
check_machine() {
    [ "$(getconf LONG_BIT)" = 64 ] ||
        die "this system has 32 bits, and onnxruntime needs 64. On a Raspberry Pi 3 or newer: take the 64-bit Raspberry Pi OS. Nothing was changed."
    case $(uname -m) in
    x86_64 | aarch64) ;;
    *) die "onnxruntime is there for x86-64 and aarch64, and this machine is $(uname -m). Nothing was changed." ;;
    esac
}

# That there are $1 MB free for what is to come into the folder $2, which need not exist yet.
check_room() {
    local folder=$2 free
    until [ -d "$folder" ]; do folder=$(dirname -- "$folder"); done
    free=$(df --output=avail -B 1000000 -- "$folder" | tail -n 1)
    [ "$free" -ge "$1" ] ||
        die "there are $((free)) MB free on the disk of $folder, and $1 are needed. Make room (apt-get clean gives some) and run this again."
}

# --- Python ---------------------------------------------------------------------------------------------------------

# Print the first Python 3.11 to 3.13 there is; fail without a word where there is none.
find_python() {
    local name
    for name in python3 python3.13 python3.12 python3.11; do
        if "$name" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; then
            command -v "$name"
            return
        fi
    done
    return 1
}

# Add to `wanted` what the Python in $1 lacks for making a venv.
want_venv() {
    if ! "$1" -c 'import ensurepip, venv' 2>/dev/null; then
        wanted+=("$(basename -- "$1")-venv")
    fi
}

# Add to `wanted` what the Python in $1 lacks for building an extension.
want_headers() {
    if ! "$1" -c 'import os, sys, sysconfig; sys.exit(not os.path.exists(sysconfig.get_path("include") + "/Python.h"))'; then
        wanted+=("$(basename -- "$1")-dev")
    fi
}

# Add to `wanted` the first Python this system can install that is recent enough.
want_python() {
    local name version
    may_be_root "apt-get update && apt-get install python3 python3-venv python3-dev"
    apt_lists
    for name in python3 python3.13 python3.12 python3.11; do
        version=$(apt-cache policy "$name" 2>/dev/null | sed -n 's/^ *Candidate: *\(3\.[0-9]*\)\..*/\1/p')
        case $version in
        3.11 | 3.12 | 3.13)
            wanted+=("$name" "$name-venv" "$name-dev")
            return
            ;;
        esac
    done
    die "Python 3.11, 3.12 or 3.13 is needed, and this system has none to install. Install one and run this again."
}

# --- packages of the system -----------------------------------------------------------------------------------------

# What every apt-get is given besides; the offline installation names its own folder of packages here.
APT_OPTIONS=()

has_apt() { command -v apt-get >/dev/null && command -v dpkg-query >/dev/null; }

installed() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    else
        sudo -- "$@"
    fi
}

# Say that root is needed, or where it cannot be had, what to run as root.
may_be_root() {
    [ "$(id -u)" -ne 0 ] || return 0
    command -v sudo >/dev/null || die "this needs root, and there is no sudo here. As root, run: $1"
    say "That needs root: sudo may ask for your password."
}

# Fetch the lists of packages where there are none yet.
apt_lists() {
    if ! apt-cache show libportaudio2 >/dev/null 2>&1; then
        say "Fetching the lists of packages (apt-get update)."
        apt_update
    fi
}

apt_update() {
    wait_for_apt
    as_root apt-get "${APT_OPTIONS[@]}" update -qq
}

APT_LOCKS=(/var/lib/dpkg/lock-frontend /var/lib/dpkg/lock /var/lib/apt/lists/lock /var/cache/apt/archives/lock)
APT_PATIENCE=900

# Print the number of the process that has one of those locks; fail where nobody has. (perl is there wherever dpkg is.)
apt_holder() {
    # shellcheck disable=SC2016 # for perl
    as_root perl -MFcntl -e '
        for (@ARGV) {
            open my $file, "<", $_ or next;
            my $flock = pack "s s x![q] q q i", F_WRLCK, 0, 0, 0, 0;
            fcntl $file, F_GETLK, $flock or next;
            my ($type, $pid) = (unpack "s s x![q] q q i", $flock)[0, 4];
            if ($type != F_UNLCK) { print "$pid\n"; exit }
        }
        exit 1' "${APT_LOCKS[@]}"
}

# apt-get itself waits for one of its locks only, and without a word. A fresh Raspberry Pi OS updates itself for minutes.
wait_for_apt() {
    local holder until=$((SECONDS + APT_PATIENCE))
    holder=$(apt_holder) || return 0
    say "Packages are being installed by $(cat "/proc/$holder/comm" 2>/dev/null || echo "another program"): waiting for its end, at most $((APT_PATIENCE / 60)) minutes."
    while holder=$(apt_holder); do
        [ "$SECONDS" -lt "$until" ] ||
            die "process $holder ($(cat "/proc/$holder/comm" 2>/dev/null)) still installs packages. Run this again when it has ended."
        sleep 2
    done
}

# Quietly: what apt-get says is shown only where it fails.
apt_install() {
    local told
    wait_for_apt
    if ! told=$(as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get "${APT_OPTIONS[@]}" install -y -qq --no-install-recommends -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300 "$@" 2>&1); then
        say "$told"
        return 1
    fi
}

# Install what is missing of the named packages, and a Python with what it needs.
set_up_system() {
    local wanted=() package python
    check_machine
    if ! has_apt; then
        say "There is no apt here, so nothing of the system is installed. This must be there: Python 3.11 to 3.13 with venv"
        say "and headers, and what Debian calls $*."
        find_python >/dev/null || die "there is no Python 3.11, 3.12 or 3.13"
        return
    fi
    if python=$(find_python); then
        want_venv "$python"
        want_headers "$python"
    else
        want_python
    fi
    for package in "$@"; do
        installed "$package" || wanted+=("$package")
    done
    if [ ${#wanted[@]} -eq 0 ]; then
        return
    fi
    say "Installing with apt-get (a minute or two): ${wanted[*]}"
    may_be_root "apt-get update && apt-get install --no-install-recommends ${wanted[*]}"
    apt_lists
    if [[ " ${wanted[*]} " == *" mosquitto "* ]]; then
        without_starting_mosquitto apt_install_patiently "${wanted[@]}"
        say "mosquitto is installed for its program only: Debian's own service was not started and will not start at boot."
        say "(To have it all the same: systemctl enable --now mosquitto)"
    else
        apt_install_patiently "${wanted[@]}"
    fi
}

# Once more with fresh lists where the first try fails: old lists name packages that are gone. And what a power cut or Ctrl-C has
# left half installed, with which apt-get does nothing but say so, is finished.
apt_install_patiently() {
    if ! apt_install "$@"; then
        say "That failed. Once more with fresh lists of packages (apt-get update), and with what was interrupted finished."
        as_root env DEBIAN_FRONTEND=noninteractive dpkg --configure -a >/dev/null 2>&1 || true
        apt_update
        apt_install "$@" || die "apt-get could not install: $*"
    fi
}

# --- mosquitto without its service ----------------------------------------------------------------------------------

# Debian starts what it installs, unless /usr/sbin/policy-rc.d says no. Ours says no to mosquitto alone, asks the one
# that was there before about everything else, and goes away again.
POLICY=/usr/sbin/policy-rc.d
POLICY_BEFORE=$POLICY.before-hayakoe
POLICY_MARK='# by hayakoe-daemon, for the time of one apt-get'

without_starting_mosquitto() {
    restore_policy
    [ ! -e "$POLICY" ] || as_root mv -- "$POLICY" "$POLICY_BEFORE"
    on_exit restore_policy
    as_root tee "$POLICY" >/dev/null <<EOF
#!/bin/sh
$POLICY_MARK
for word in "\$@"; do
    case \$word in mosquitto | mosquitto.service) exit 101 ;; esac
done
[ ! -x $POLICY_BEFORE ] || exec $POLICY_BEFORE "\$@"
EOF
    as_root chmod 755 "$POLICY"
    "$@"
    restore_policy
    # without systemd running, this only takes away the links that would start it at boot
    if command -v systemctl >/dev/null; then
        as_root systemctl disable mosquitto.service >/dev/null 2>&1 || true
    else
        # it insists on being called for a package
        as_root env DPKG_MAINTSCRIPT_PACKAGE=mosquitto deb-systemd-helper disable mosquitto.service >/dev/null 2>&1 || true
        as_root update-rc.d mosquitto disable >/dev/null 2>&1 || true
    fi
}

# As it was before. Does nothing where there is nothing of ours.
restore_policy() {
    if [ -e "$POLICY" ] && grep -qF "$POLICY_MARK" "$POLICY"; then
        as_root rm -f -- "$POLICY"
    fi
    if [ -e "$POLICY_BEFORE" ]; then
        as_root mv -- "$POLICY_BEFORE" "$POLICY"
    fi
}

# --- the venv -------------------------------------------------------------------------------------------------------

# Make .venv with the package in it, editable, to `run` or to `dev`elop. Takes no time where nothing has changed.
#
# .venv/made names what it was made for and is there only while it is whole: a venv without it was interrupted, and is
# made anew. .venv/parts names what was installed.
set_up_venv() {
    local purpose=$1 package=$ROOT python made parts
    python=$(find_python) || die "there is no Python 3.11, 3.12 or 3.13"
    made="$ROOT $("$python" -c 'import sys; print(sys.version)' | tr '\n' ' ')"
    parts=$(sha256sum <"$ROOT/pyproject.toml" | cut -d ' ' -f 1)
    if [ "$(cat "$VENV/made" 2>/dev/null)" != "$made" ]; then
        say "Making .venv with $python."
        rm -rf -- "$VENV"
        "$python" -m venv "$VENV"
    elif grep -qxF -e "$parts $purpose" -e "$parts dev" "$VENV/parts"; then
        return
    fi
    rm -f -- "$VENV/made" "$VENV/parts"
    [ "$purpose" != dev ] || package+='[dev]'
    say "Installing the Python packages into .venv (the first time this takes a few minutes)."
    "$VENV/bin/python" -m pip --disable-pip-version-check --no-input install --quiet --progress-bar off --use-pep517 \
        --editable "$package" || die "pip could not install the packages. Run this again once the cause is gone."
    printf '%s\n' "$parts $purpose" >"$VENV/parts"
    printf '%s\n' "$made" >"$VENV/made"
}

# --- what is done at the end ----------------------------------------------------------------------------------------

AT_EXIT=()

# Run a function when the script ends, however it ends; the last one given runs first.
on_exit() { AT_EXIT=("$1" "${AT_EXIT[@]}"); }

run_at_exit() {
    local status=$? action
    trap - EXIT
    # PIPE: what puts things back must not die of a reader (| tee) that Ctrl-C has ended too
    trap '' INT TERM HUP PIPE
    for action in "${AT_EXIT[@]}"; do
        "$action" || true
    done
    exit "$status"
}
trap run_at_exit EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
trap 'exit 129' HUP
