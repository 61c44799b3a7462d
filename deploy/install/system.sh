# shellcheck shell=bash
# What deploy/install.sh needs of the system: packages, a broker, a user. Sourced after lib.sh, not run.

NAME=hayakoe-daemon
ACCOUNT=hayakoe
# shellcheck disable=SC2034 # deploy/install.sh takes it
LOCK=/run/$NAME-install.lock
# not in /tmp, which is memory on Debian 13: pip fetches 100 MB, and a Raspberry Pi Zero has 200 for it
SCRATCH=$(mktemp -d "${TMPDIR:-/var/tmp}/$NAME.XXXXXX")
# held as long as anything of this run lives: see remove_old_scratch
exec 8<"$SCRATCH"
flock -s 8
# alsa-utils for alsamixer and aplay, as many cards come up muted; mosquitto-clients, as the broker may be another machine
PACKAGES=(libportaudio2 alsa-utils ca-certificates mosquitto-clients)
BUILD_PACKAGES=(gcc libc6-dev pkg-config libsystemd-dev)
BROKER_PACKAGES=(mosquitto)
BROKER_UNIT=mosquitto.service
BROKER_CONFIG=/etc/mosquitto/conf.d/$NAME.conf

# What runs that were killed have left behind; what another one holds stays.
remove_old_scratch() {
    local old
    for old in "$(dirname -- "$SCRATCH")/$NAME".??????; do
        if [ -d "$old" ] && [ ! -L "$old" ] && [ -O "$old" ] && flock -n "$old" true; then
            rm -rf -- "$old"
        fi
    done
}

# --- undoing --------------------------------------------------------------------------------------------------------

# What puts back the steps done so far, the last one first; emptied when all is well. Named before its step is done: Ctrl-C
# in the midst of a command counts when that has ended.
UNDO=()
undo_with() { UNDO=("$1" "${UNDO[@]}"); }
on_exit undo_all

# shellcheck disable=SC2317 # on_exit calls it
undo_all() {
    local step
    [ ${#UNDO[@]} -eq 0 ] || say "Putting back what was changed."
    for step in "${UNDO[@]}"; do
        "$step" || say "warning: $step did not work"
    done
    rm -rf -- "$SCRATCH"
}

# --- packages -------------------------------------------------------------------------------------------------------

# A folder of deploy/bundle.sh: whole, and for this machine.
check_bundle() {
    local line
    [ -e "$OFFLINE/bundle.txt" ] || die "$OFFLINE is no folder of deploy/bundle.sh: it has no bundle.txt"
    say "Checking $OFFLINE."
    (cd -- "$OFFLINE" && sha256sum --quiet --check SHA256SUMS) || die "files in $OFFLINE are damaged or missing: copy it again"
    line="$(dpkg --print-architecture) $(release)"
    [ "$(sed -n 1p "$OFFLINE/bundle.txt")" = "$line" ] ||
        die "that folder is for $(sed -n 1p "$OFFLINE/bundle.txt"), and this machine is $line"
    [ "$(sed -n 2p "$OFFLINE/bundle.txt")" = "$(project_version)" ] ||
        die "that folder is of version $(sed -n 2p "$OFFLINE/bundle.txt"), and this is $(project_version)"
    # apt sees the folder and what is installed, and nothing else
    ln -s -- "$OFFLINE/debs" "$SCRATCH/debs"
    mkdir "$SCRATCH/lists"
    printf 'deb [trusted=yes] file:%s ./\n' "$SCRATCH/debs" >"$SCRATCH/sources.list"
    # shellcheck disable=SC2034 # lib.sh's
    APT_OPTIONS=(-o "Dir::Etc::SourceList=$SCRATCH/sources.list" -o Dir::Etc::SourceParts=- -o "Dir::State::Lists=$SCRATCH/lists"
        -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= -o APT::Sandbox::User=root)
    apt_update
}

# bookworm, trixie, noble ...
release() { sed -n 's/^VERSION_CODENAME=//p' /etc/os-release; }

# Install what is missing, and set PYTHON. Without a network nothing is built, so no compiler is needed.
set_up_packages() {
    local wanted=() package packages=("${PACKAGES[@]}")
    has_apt || die "there is no apt here. This is for Debian, Raspberry Pi OS and Ubuntu; elsewhere see README.md for what pip needs."
    # shellcheck disable=SC2153 # versions.sh's
    check_room "$ROOM" "$PREFIX"
    check_room 300 "$SCRATCH"
    [ -n "$OFFLINE" ] || packages+=("${BUILD_PACKAGES[@]}")
    [ -z "$BROKER" ] || packages+=("${BROKER_PACKAGES[@]}")
    if PYTHON=$(find_python); then
        want_venv "$PYTHON"
        [ -n "$OFFLINE" ] || want_headers "$PYTHON"
    elif [ -n "$OFFLINE" ]; then
        wanted+=(python3 python3-venv)
    else
        want_python
    fi
    for package in "${packages[@]}"; do
        installed "$package" || wanted+=("$package")
    done
    if [ ${#wanted[@]} -gt 0 ]; then
        # a compiler, and what it comes with
        [[ " ${wanted[*]} " != *" gcc "* ]] || check_room "$((ROOM + 300))" /usr
        say "Installing with apt-get: ${wanted[*]}"
        [ -n "$OFFLINE" ] || apt_lists
        apt_install_patiently "${wanted[@]}"
    fi
    PYTHON=$(find_python) || die "there is no Python 3.11, 3.12 or 3.13"
}

# mosquitto loses what it has acknowledged when it is killed or the power fails, unless it saves more often than twice an hour.
set_up_broker() {
    BROKER_RAN=$(systemctl is-active "$BROKER_UNIT" 2>/dev/null || true)
    BROKER_ENABLED=$(systemctl is-enabled "$BROKER_UNIT" 2>/dev/null || true)
    undo_with undo_broker_service
    # deploy/try.sh and deploy/test.sh install it for its program only
    systemctl enable --quiet "$BROKER_UNIT" 2>/dev/null || say "warning: $BROKER_UNIT is not enabled, so it may not start with the machine"
    if [ ! -e "$BROKER_CONFIG" ]; then
        say "Setting up mosquitto to save what it has accepted ($BROKER_CONFIG)."
        undo_with undo_broker_config
        printf '# By %s: what was acknowledged outlives a power cut.\nautosave_on_changes true\nautosave_interval 1\n' "$NAME" \
            >"$BROKER_CONFIG"
        ! booted || systemctl try-restart "$BROKER_UNIT" || die "mosquitto does not start: see journalctl -u mosquitto"
    fi
    ! booted || systemctl start "$BROKER_UNIT" || die "mosquitto does not start: see journalctl -u mosquitto"
}
# shellcheck disable=SC2317
undo_broker_config() {
    rm -f -- "$BROKER_CONFIG"
    ! booted || systemctl try-restart "$BROKER_UNIT"
}
# shellcheck disable=SC2317
undo_broker_service() {
    [ "$BROKER_ENABLED" != disabled ] || systemctl disable --quiet "$BROKER_UNIT" 2>/dev/null || true
    case $BROKER_RAN in inactive | failed) ! booted || systemctl stop "$BROKER_UNIT" ;; esac
}

booted() { [ -d /run/systemd/system ]; }

# --- the user -------------------------------------------------------------------------------------------------------

# The service's user, and its group: whoever is in it may use the commands.
set_up_account() {
    local person
    if is_a_person; then
        die "the user $ACCOUNT of this machine is a person's, and the service's has to have that name"
    fi
    if ! getent group "$ACCOUNT" >/dev/null; then
        undo_with undo_group
        groupadd --system "$ACCOUNT"
    fi
    if ! getent passwd "$ACCOUNT" >/dev/null; then
        say "Making the system user $ACCOUNT, with access to sound."
        undo_with undo_user
        useradd --system --gid "$ACCOUNT" --home-dir "/var/lib/$NAME" --no-create-home --shell /usr/sbin/nologin \
            --comment 'spoken announcements' "$ACCOUNT"
    fi
    join "$ACCOUNT" audio
    person=$(installing_person)
    if [ -z "$person" ]; then
        say "To let somebody use the commands without sudo: usermod --append --groups $ACCOUNT NAME"
    elif ! member "$person" "$ACCOUNT"; then
        say "$person joins the group $ACCOUNT, to use the commands without sudo (from the next login)."
        # who is known by a directory of the network is in no file that usermod could change
        join "$person" "$ACCOUNT" || say "warning: that did not work; until it does, the commands need sudo."
    fi
}
# shellcheck disable=SC2317
undo_group() { groupdel "$ACCOUNT" 2>/dev/null || true; }
# Out of its group first: userdel takes a group of the same name along, whosever that was.
# shellcheck disable=SC2317
undo_user() {
    usermod --gid nogroup "$ACCOUNT" 2>/dev/null || true
    userdel "$ACCOUNT" 2>/dev/null || true
}

# Who runs this, by sudo, by doas, or logged in and then `su`; nobody where it is root, or no one.
installing_person() {
    local person=${SUDO_USER:-${DOAS_USER:-$(logname 2>/dev/null || true)}}
    [ "$person" != root ] && getent passwd -- "$person" >/dev/null || return 0
    printf '%s\n' "$person"
}

member() { [[ " $(id -nG -- "$1") " == *" $2 "* ]]; }

# Have the user $1 be in the group $2.
JOINED=()
join() {
    ! member "$1" "$2" || return 0
    [ ${#JOINED[@]} -gt 0 ] || undo_with undo_joined
    JOINED+=("$1 $2")
    usermod --append --groups "$2" "$1"
}
# shellcheck disable=SC2317
undo_joined() {
    local pair
    for pair in "${JOINED[@]}"; do
        gpasswd --delete "${pair% *}" "${pair#* }" >/dev/null 2>&1 || true
    done
}

is_a_person() {
    local number
    number=$(id -u -- "$ACCOUNT" 2>/dev/null) && [ "$number" -ge 1000 ]
}

remove_account() {
    ! is_a_person || return 0
    userdel "$ACCOUNT" 2>/dev/null || true
    groupdel "$ACCOUNT" 2>/dev/null || true
}
