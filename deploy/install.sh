#!/usr/bin/env bash
# by `sh install.sh`, as some would have it
[ -n "${BASH_VERSION:-}" ] || exec bash "$0" "$@"
set -euo pipefail

usage() {
    cat <<'EOF2'
usage: deploy/install.sh [--with-broker] [--offline DIR] [--no-start]
       deploy/install.sh --rollback | --uninstall [--purge] | --help

Makes hayakoe-daemon a service of this machine (Debian 12 or 13, Raspberry Pi OS of the same age with 64 bit, Ubuntu 24.04;
x86-64 or aarch64) and starts it. Run again, from a newer clone or archive, it upgrades; a service that was stopped or
disabled stays so. It asks nothing, says each step, and puts everything back when it fails or is interrupted. It asks sudo
for root by itself.

  --with-broker   install mosquitto too, as a broker that loses nothing; without it, mqtt.host in the config names yours
  --offline DIR   without a network, from a folder that deploy/bundle.sh has made
  --no-start      install, but start the service only with the machine
  --rollback      back to the version before the last upgrade; the same again goes forward
  --uninstall     take it away; config, queue, voices and words stay
  --purge         with --uninstall: take those away too, and the user hayakoe
  --help          show this

What lies where:
  /opt/hayakoe-daemon        this version and the one before it, each with all its Python packages
  /etc/hayakoe-daemon        config.yaml, made once and never overwritten
  /var/lib/hayakoe-daemon    queue, settings, voices, words; /var/cache/hayakoe-daemon: speech kept for later
EOF2
}

bad_usage() {
    printf 'deploy/install.sh: %s\n\n' "$1" >&2
    usage >&2
    exit 2
}

action=install given=("$@") purge='' start=yes
OFFLINE='' BROKER=''
while [ $# -gt 0 ]; do
    case $1 in
    -h | --help)
        usage
        exit
        ;;
    --rollback | --uninstall)
        [ "$action" = install ] || bad_usage "--rollback and --uninstall do not go together"
        action=${1#--}
        ;;
    --purge) purge=yes ;;
    --no-start) start='' ;;
    --with-broker) BROKER=yes ;;
    --offline)
        [ -n "${2:-}" ] || bad_usage "--offline needs the folder that deploy/bundle.sh has made"
        OFFLINE=$2
        shift
        ;;
    *) bad_usage "there is no option $1" ;;
    esac
    shift
done
[ -z "$purge" ] || [ "$action" = uninstall ] || bad_usage "--purge goes with --uninstall"
[ "$action" = install ] || [ "$start$OFFLINE$BROKER" = yes ] || bad_usage "--$action takes no other options"

unset CDPATH # with which cd prints
HERE=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || {
        printf 'error: this needs root, and there is no sudo here. Run it as root.\n' >&2
        exit 1
    }
    printf 'This needs root: sudo may ask for your password.\n' >&2
    exec sudo -- bash "$HERE/install.sh" "${given[@]}"
fi

if [ -n "$OFFLINE" ]; then
    [ -d "$OFFLINE" ] || bad_usage "there is no folder $OFFLINE"
    OFFLINE=$(cd -- "$OFFLINE" && pwd -P)
fi
# the system's own Python before one of /usr/local; nobody's of a home, which the service would not see
PATH=/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin
# shellcheck source=deploy/lib.sh
. "$HERE/lib.sh"
# shellcheck source=deploy/install/system.sh
. "$HERE/install/system.sh"
# shellcheck source=deploy/install/wheels.sh
. "$HERE/install/wheels.sh"
# shellcheck source=deploy/install/versions.sh
. "$HERE/install/versions.sh"
# shellcheck source=deploy/install/service.sh
. "$HERE/install/service.sh"
exec </dev/null
umask 022
cd /
export PYTHONDONTWRITEBYTECODE=1

install_or_upgrade() {
    local version
    [ -e "$ROOT/pyproject.toml" ] || die "this is the installed copy, for --rollback and --uninstall only. To upgrade, run deploy/install.sh of the new version."
    [ ! -e "$PREFIX/pyvenv.cfg" ] || die "$PREFIX was made by hand. Take it away and run this again (config and state stay):
    sudo systemctl disable --now $NAME; sudo rm -r $PREFIX"
    check_machine
    [ -z "$OFFLINE" ] || check_bundle
    set_up_packages
    [ -z "$BROKER" ] || set_up_broker
    set_up_account
    make_version
    set_up_config
    check_config
    switch_to "$VERSION" "$(linked current)"
    start_service "$start"
    keep
    # without a start what runs may be any of them
    [ -z "$start" ] || remove_other_versions
    version=$("$PREFIX/current/bin/hayakoe-daemon" --version)
    say ""
    say "$version is installed$([ -z "$(linked previous)" ] || echo "; deploy/install.sh --rollback goes back to the version before")."
    tell_next_steps
}

go_back() {
    local current previous
    current=$(linked current) previous=$(linked previous)
    [ -n "$previous" ] || die "there is no version to go back to in $PREFIX: only an upgrade leaves one there"
    switch_to "$previous" "$current"
    start_service yes
    keep
    say "$("$PREFIX/current/bin/hayakoe-daemon" --version) of $(basename -- "$previous" | cut -c 1-8) is back."
}

main() {
    exec 9>"$LOCK"
    flock -n 9 || die "another deploy/install.sh is running"
    remove_old_scratch
    case $action in
    install) install_or_upgrade ;;
    rollback) go_back ;;
    uninstall) uninstall "$purge" ;;
    esac
    exit
}
# one function, read whole before it runs: --uninstall takes this file away
main
