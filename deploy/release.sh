#!/usr/bin/env bash
# Builds a release and checks it; publishes nothing.

usage() {
    cat <<'EOF'
usage: deploy/release.sh [--help]

Builds the sdist and the wheel of what is committed into dist/, checks what they hold, tries the wheel,
and prints the commands that tag it. Publishes nothing. Needs a clean working tree.

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

python=$(find_python) || die "there is no Python 3.11 to 3.13"
scratch=$(mktemp -d)
# shellcheck disable=SC2317 # on_exit calls it
clean_up() { rm -rf -- "$scratch" dist/.new; }
on_exit clean_up

say "Building $version"
"$python" -m venv "$scratch/venv"
"$scratch/venv/bin/pip" install --quiet build
git archive --format=tar HEAD | tar -x -C "$scratch" --one-top-level=source
# The same commit gives the same bytes.
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct) "$scratch/venv/bin/python" -m build --outdir "$scratch/dist" "$scratch/source" >&2

say "Trying the wheel"
"$scratch/venv/bin/pip" install --quiet "$scratch"/dist/*.whl
told=$("$scratch/venv/bin/hayakoe-daemon" --version)
[[ $told == "hayakoe-daemon $version" ]] || die "the wheel says \"$told\""
"$scratch/venv/bin/hayakoe-daemon" say --wav "$scratch/said.wav" 'リリースの準備ができました。' >&2

mkdir -p dist/.new
(cd "$scratch/dist" && sha256sum -- *) >"$scratch/SHA256SUMS"
cp -- "$scratch"/dist/* dist/.new/
mv -- dist/.new/* dist/
# last: what it names is whole
mv -- "$scratch/SHA256SUMS" dist/
say "In dist/:"
cat dist/SHA256SUMS
say "Now: git tag -a v$version -m 'hayakoe-daemon $version' && git push origin v$version"
