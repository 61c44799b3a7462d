#!/usr/bin/env bash
set -euo pipefail

usage() {
    cat <<'EOF'
usage: deploy/bundle.sh DIR

Makes the folder DIR, with which `deploy/install.sh --offline DIR` needs no network: all Python packages as wheels
(systemd-python and hayakoe-daemon built here), and all Debian packages with what they depend on. It is for machines like
the one it runs on: the same architecture and release (Debian 12, Debian 13 ...), however little is installed there.

  --help      show this

It installs what it needs for that (a compiler, headers), wants the network, and takes a few minutes. DIR must not exist yet.
EOF
}

case "$#:${1:-}" in
1:-h | 1:--help)
    usage
    exit
    ;;
1:-* | 0:*)
    usage >&2
    exit 2
    ;;
1:*) ;;
*)
    usage >&2
    exit 2
    ;;
esac
unset CDPATH # with which cd prints
mkdir -p -- "$(dirname -- "$1")"
DIR=$(cd -- "$(dirname -- "$1")" && pwd -P)/$(basename -- "$1")

# shellcheck source=deploy/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"
# the wheels are for the system's own Python, which is what deploy/install.sh takes there
PATH=/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin
# shellcheck source=deploy/install/system.sh
. "$ROOT/deploy/install/system.sh"
# shellcheck source=deploy/install/wheels.sh
. "$ROOT/deploy/install/wheels.sh"
exec </dev/null
umask 022
cd /
export PYTHONDONTWRITEBYTECODE=1

# Every package and all that it depends on, as if nothing were installed: the other machine may have less than this one.
# (`set -e` counts for nothing in what is called before `|| die`.)
fetch_debs() {
    local debs=$1
    mkdir -p -- "$debs/partial" && : >"$SCRATCH/status" || return
    apt-get -qq --yes --no-install-recommends --download-only -o "Dir::State::Status=$SCRATCH/status" -o Debug::NoLocking=yes \
        -o "Dir::Cache::Archives=$debs" -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= -o APT::Sandbox::User=root \
        install "${@:2}" >&2 || return
    rm -rf -- "$debs/partial" "$debs/lock"
}

# The list by which apt takes a folder for a source of packages.
list_debs() {
    local deb
    for deb in *.deb; do
        dpkg-deb --field "$deb"
        printf 'Filename: ./%s\nSize: %s\nSHA256: %s\n\n' "$deb" "$(stat -c %s -- "$deb")" "$(sha256sum <"$deb" | cut -d ' ' -f 1)"
    done >Packages
}

# name==version with the hash of the one file there is of it.
list_wheels() {
    local wheel name rest
    for wheel in *.whl; do
        name=${wheel%%-*} rest=${wheel#*-}
        printf '%s==%s --hash=sha256:%s\n' "$name" "${rest%%-*}" "$(sha256sum <"$wheel" | cut -d ' ' -f 1)"
    done
}

# shellcheck disable=SC2317 # undo_all calls it
undo_folder() { rm -rf -- "$DIR.part"; }

[ ! -e "$DIR" ] || die "$DIR is there already"
has_apt || die "there is no apt here: make it on a Debian, Raspberry Pi OS or Ubuntu"
check_machine
check_room 500 "$DIR"
check_room 300 "$SCRATCH"
set_up_system "${BUILD_PACKAGES[@]}"
python=$(find_python) || die "there is no Python 3.11, 3.12 or 3.13"
lock=$(lock_of "$python")

rm -rf -- "$DIR.part"
undo_with undo_folder
mkdir -p -- "$DIR.part/wheels"
say "Building what has no wheel: systemd-python, and hayakoe-daemon itself."
build_wheels "$python" "$lock" "$DIR.part/wheels" || die "pip could not build the wheels"
say "Fetching the wheels of $(basename -- "$lock")."
locked "$lock" '!systemd-python' >"$SCRATCH/requirements.txt"
"$python" -m venv "$SCRATCH/pip"
pip_of "$SCRATCH/pip" download --no-deps --require-hashes --only-binary :all: --requirement "$SCRATCH/requirements.txt" \
    --dest "$DIR.part/wheels" || die "pip could not fetch the packages"
(cd -- "$DIR.part/wheels" && list_wheels) >"$DIR.part/requirements.txt"

say "Fetching the Debian packages."
apt_lists
fetch_debs "$DIR.part/debs" python3 python3-venv "${PACKAGES[@]}" "${BROKER_PACKAGES[@]}" || die "apt-get could not fetch the packages"
(cd -- "$DIR.part/debs" && list_debs)

printf '%s %s\n%s\n' "$(dpkg --print-architecture)" "$(release)" "$(project_version)" >"$DIR.part/bundle.txt"
(cd -- "$DIR.part" && find . -type f -print0 | sort -z | xargs -0 sha256sum) >"$SCRATCH/SHA256SUMS"
mv -- "$SCRATCH/SHA256SUMS" "$DIR.part/"
mv -T -- "$DIR.part" "$DIR"
UNDO=()
say "$DIR is ready, $(du -sm -- "$DIR" | cut -f 1) MB. Take it along with this clone, and there:"
say "bash deploy/install.sh --offline DIR"
