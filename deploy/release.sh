#!/usr/bin/env bash
# Builds a release and checks it; publishes nothing.

usage() {
    cat <<'EOF'
usage: deploy/release.sh [--help]

Builds the sdist and the wheel of what is committed into dist/, in the place of what is there; checks what they hold
(tests/test_release.py); tries the wheel with the packages that deploy/install.sh would install; and prints the commands that
tag it. Publishes nothing. Interrupted, it leaves dist/ as it was.

What builds them is pinned (deploy/locks/build.txt): the same commit gives the same bytes on the same Python. It needs a clean
working tree, the network, and what deploy/test.sh installs.

The version stands in hayakoe_daemon/__init__.py; the newest heading of CHANGELOG.md has to be the same
and to carry a date:   ## 1.2.0 (2026-11-21)
EOF
}

case ${1-} in
-h | --help)
    usage
    exit 0
    ;;
'') ;;
*)
    usage >&2
    exit 2
    ;;
esac

# shellcheck source=deploy/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"
cd -- "$ROOT"

version=$(sed -n 's/^__version__ = "\(.*\)"$/\1/p' hayakoe_daemon/__init__.py)
[[ -n $version ]] || die "hayakoe_daemon/__init__.py names no version"
heading=$(grep -m 1 '^## ' CHANGELOG.md)
[[ $heading =~ ^'## '"$version"' ('[0-9]{4}-[0-9]{2}-[0-9]{2}')'$ ]] ||
    die "the newest heading of CHANGELOG.md is \"$heading\", not \"## $version ($(date +%F))\""
[[ -z $(git status --porcelain) ]] || die "the working tree is not clean: commit or remove what git status shows"
! git rev-parse --quiet --verify "refs/tags/v$version" >/dev/null || die "there is a tag v$version already"

# shellcheck source=deploy/install/wheels.sh
. "$ROOT/deploy/install/wheels.sh"
python=$(find_python) || die "there is no Python 3.11 to 3.13"
lock=$(lock_of "$python")
SCRATCH=$(mktemp -d "${TMPDIR:-/var/tmp}/hayakoe-release.XXXXXX")
# shellcheck disable=SC2317 # on_exit calls it
clean_up() { rm -rf -- "$SCRATCH" dist.part; }
on_exit clean_up
venv=$SCRATCH/venv built=$SCRATCH/built

time=$(git log -1 --format=%ct)
# hatchling SOURCE TARGET: the files of it are as old as the commit
hatchling() {
    (cd -- "$1" && SOURCE_DATE_EPOCH=$time "$venv/bin/python" -m hatchling build -t "$2" -d "$built") >&2
}

say "Building $version"
"$python" -m venv "$venv"
pip_of "$venv" install --require-hashes --only-binary :all: --requirement deploy/locks/build.txt
git archive --format=tar HEAD | tar -x -C "$SCRATCH" --one-top-level=source
hatchling "$SCRATCH/source" sdist
# from the sdist, as others will
tar -xf "$built"/*.tar.gz -C "$SCRATCH" --one-top-level=unpacked --strip-components=1
hatchling "$SCRATCH/unpacked" wheel

say "Looking at what they hold"
set_up_venv dev
RELEASE_DIST=$built "$VENV/bin/python" -m pytest -q -p no:cacheprovider tests/test_release.py >&2

say "Trying the wheel"
PATH=$venv/bin:$PATH pip_of "$venv" install --no-build-isolation --use-pep517 --no-deps --require-hashes --requirement "$lock"
pip_of "$venv" install --no-deps "$built"/*.whl
told=$("$venv/bin/hayakoe-daemon" --version)
[[ $told == "hayakoe-daemon $version" ]] || die "the wheel says \"$told\""
"$venv/bin/hayakoe-daemon" say --wav "$SCRATCH/said.wav" 'リリースの準備ができました。' >&2

rm -rf -- dist.part
cp -R -- "$built" dist.part
(cd dist.part && sha256sum -- *) >"$SCRATCH/SHA256SUMS"
mv -- "$SCRATCH/SHA256SUMS" dist.part/
# a signal waits until that is done: it takes no time
trap '' INT TERM HUP
rm -rf -- dist
mv -T -- dist.part dist
say "In dist/:"
cat dist/SHA256SUMS
say "Now: git tag -a v$version -m 'hayakoe-daemon $version' && git push origin v$version"
