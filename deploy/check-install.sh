#!/usr/bin/env bash
set -euo pipefail

usage() {
    cat <<'EOF'
usage: deploy/check-install.sh [--ca FILE] RELEASE DIR [STORY...]

Shows that deploy/install.sh does what it says, on a fresh Debian RELEASE (bookworm or trixie) that is booted in a container
(systemd-nspawn), with the tree as it stands here, uncommitted changes included. STORY is one or more of:

  online    installed from a clone by a user with sudo, with a broker: interrupted first, then whole; a sentence over MQTT is
            heard in what the sound card got; the unit's hardening; a password as a credential; kill -9; a voice that is
            prepared; a folder made by deploy/bundle.sh; uninstall
  upgrade   from the sdist; then an upgrade that does not start; rollback; a service that its owner has stopped
  offline   installed from that folder on another fresh Debian without a network; again, while apt is busy
  try       deploy/try.sh on a fresh Debian without systemd: minutes and megabytes

Default: online upgrade offline. Fresh means: what debootstrap's minbase gives, with systemd, sudo and ca-certificates.

  --ca FILE   an authority that pip trusts besides, for networks with a proxy of their own
  --help      show this

DIR keeps the fresh Debian (300 MB) and the folder of the bundle between runs, and gets logs (STORY.log); the rest of
it goes away. It must be root on a machine with cgroup2 and overlayfs (DIR on a real disk); port 1883 must be free.
Packages: debootstrap systemd-container. Some ten minutes. Exit status 0: all of it held.
EOF
}

die_usage() {
    usage >&2
    exit 2
}

ca=''
while [ $# -gt 0 ]; do
    case $1 in
    -h | --help)
        usage
        exit
        ;;
    --ca)
        [ -n "${2:-}" ] || die_usage
        ca=$(realpath -- "$2")
        shift 2
        ;;
    -*) die_usage ;;
    *) break ;;
    esac
done
[ $# -ge 2 ] || die_usage
RELEASE=$1 DIR=$2
shift 2
[ $# -gt 0 ] || set -- online upgrade offline
case $RELEASE in bookworm | trixie) ;; *) die_usage ;; esac
for story in "$@"; do
    case $story in online | upgrade | offline | try) ;; *) die_usage ;; esac
done

# shellcheck source=deploy/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=deploy/check-install/container.sh
. "$ROOT/deploy/check-install/container.sh"
exec </dev/null
[ "$(id -u)" -eq 0 ] || die "this needs root"
for program in debootstrap systemd-nspawn; do
    command -v "$program" >/dev/null || die "there is no $program: apt-get install debootstrap systemd-container"
done
mkdir -p -- "$DIR"
DIR=$(cd -- "$DIR" && pwd -P)
BASE=$DIR/$RELEASE-base BUNDLE=$DIR/$RELEASE-bundle
exec 9>"$DIR/lock"
flock -n 9 || die "another run of this script works in $DIR"
# what a run that was killed has left
for left in "$DIR"/work.??????; do
    ! mountpoint -q "$left/tree" || umount -Rl -- "$left/tree"
    rm -rf --one-file-system -- "$left"
done

# What git would carry, as it stands: what a clone would be.
put_clone() {
    mkdir -p -- "$1"
    (cd -- "$ROOT" && git ls-files --cached --others --exclude-standard -z | tar --null --files-from - --create --file -) | tar -C "$1" -xf -
}

# The release archive, unpacked.
put_archive() {
    local builder=$WORK/builder
    "$(find_python)" -m venv "$builder"
    "$builder/bin/python" -m pip --disable-pip-version-check install --quiet --require-hashes --requirement "$ROOT/deploy/locks/build.txt"
    (cd -- "$1" && "$builder/bin/python" -m hatchling build --target sdist --directory "$WORK/dist" >/dev/null 2>&1) || die "the sdist could not be built"
    mkdir -p -- "$2"
    tar -C "$2" --strip-components 1 -xzf "$WORK"/dist/*.tar.gz
}

[ -e "$BASE/made" ] || make_base
for story in "$@"; do
    say "== $RELEASE: $story"
    fresh_tree
    put_clone "$TREE/home/taro/hayakoe-daemon"
    case $story in
    upgrade) put_archive "$TREE/home/taro/hayakoe-daemon" "$TREE/home/taro/new archive" ;;
    offline)
        [ -d "$BUNDLE" ] || die "there is no $BUNDLE yet: run the story online first"
        cp -R -- "$BUNDLE" "$TREE/home/taro/bundle"
        ;;
    esac
    mkdir "$TREE/check"
    cp -- "$ROOT"/deploy/check-install/*.sh "$ROOT/deploy/check-install/heard.py" "$TREE/check/"
    status=0
    case $story in
    online | upgrade) boot "$story" shared || status=$? ;;
    offline) boot offline none || status=$? ;;
    try) enter try || status=$? ;;
    esac
    if [ "$story" = online ] && [ -d "$TREE/home/taro/bundle" ]; then
        cp -R -- "$TREE/home/taro/bundle" "$BUNDLE.part"
        rm -rf -- "$BUNDLE"
        mv -T -- "$BUNDLE.part" "$BUNDLE"
    fi
    [ "$status" -eq 0 ] || die "$RELEASE: $story did not hold; see $DIR/$RELEASE-$story.log"
done
say "$RELEASE: all of it held."
