#!/usr/bin/env bash
set -euo pipefail

usage() {
    cat <<'EOF2'
usage: deploy/lock.sh [--upgrade]

Writes deploy/locks/: what deploy/install.sh installs, one file per architecture and Python, every version pinned and every
file named by its hash; build.txt, what builds the two wheels that no index has; and cuda-*.txt, what deploy/cuda.sh puts in
the place of onnxruntime. Run it after a change of pyproject.toml; commit what comes of it. All of them or none: where one
cannot be made, or this is interrupted, those that are there stay.

  --upgrade   the newest versions that pyproject.toml allows; else a version that is there and still fits stays
  --help      show this

It needs the network and any Python 3.11 to 3.13: all files are made on one machine.
EOF2
}

upgrade=()
case "$#:${1:-}" in
0:) ;;
1:--upgrade) upgrade=(--upgrade) ;;
1:-h | 1:--help)
    usage
    exit
    ;;
*)
    usage >&2
    exit 2
    ;;
esac

# shellcheck source=deploy/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"
exec </dev/null
cd -- "$ROOT"

ARCHITECTURES=(x86_64 aarch64)
PYTHONS=(3.11 3.12 3.13)
# The glibc of Debian 12, the oldest system there is to install on.
GLIBC=2_36
# pyworld (the extra `pitch`) is not among them: it comes as source only, and would want a C++ compiler on every machine.
EXTRAS=(completion fetch zeroconf)
# onnxruntime-gpu loads CUDA's FFT only for operators that no voice has: 200 MB less.
NO_FFT=(nvidia-cufft nvidia-nvjitlink)
# pyopenjtalk-plus asks for this dictionary of 193 MB, and reads it only where it may use Sudachi; see text/openjtalk.py.
LEFT_OUT=sudachidict-core

LOCKS=deploy/locks
# shellcheck disable=SC2317 # on_exit calls it
remove_scratch() { rm -rf -- "$SCRATCH" "$NEW" "$OLD"; }
SCRATCH=$(mktemp -d)
# beside them, so that they change places from one moment to the next
NEW=$LOCKS.new OLD=$LOCKS.old
on_exit remove_scratch

# Make the lock $1 in the folder NEW.
compile() {
    local target=$NEW/$1 title=$2
    # what is there already is what uv starts from
    [ ! -e "$LOCKS/$1" ] || cp -- "$LOCKS/$1" "$SCRATCH/lock"
    shift 2
    "$SCRATCH/uv/bin/uv" pip compile --quiet --no-config --generate-hashes --no-header --no-annotate "${upgrade[@]}" \
        --output-file "$SCRATCH/lock" "$@" >/dev/null
    {
        printf '# %s\n# Made by deploy/lock.sh; not to be edited.\n' "$title"
        cat -- "$SCRATCH/lock"
    } >"$SCRATCH/whole"
    rm -- "$SCRATCH/lock"
    install -m 644 -- "$SCRATCH/whole" "$target"
    say "$(basename -- "$target"): $(grep -c == "$target") packages"
}

# The new locks in the place of those that are there. A signal waits until that is done: it takes no time.
put_in_place() {
    trap '' INT TERM HUP
    [ ! -e "$LOCKS" ] || mv -T -- "$LOCKS" "$OLD"
    mv -T -- "$NEW" "$LOCKS"
}

python=$(find_python) || die "there is no Python 3.11, 3.12 or 3.13"
"$python" -m venv "$SCRATCH/uv"
"$SCRATCH/uv/bin/python" -m pip --disable-pip-version-check --no-input install --quiet uv

# what a run that was killed has left
[ -e "$LOCKS" ] || [ ! -e "$OLD" ] || mv -T -- "$OLD" "$LOCKS"
rm -rf -- "$NEW" "$OLD"
mkdir -p -- "$NEW"
printf 'hatchling\nsetuptools\n' >"$SCRATCH/build.in"
compile build.txt "What builds hayakoe-daemon and systemd-python, on any machine." \
    --only-binary :all: --python-version "${PYTHONS[0]}" "$SCRATCH/build.in"
for architecture in "${ARCHITECTURES[@]}"; do
    for version in "${PYTHONS[@]}"; do
        compile "$architecture-py${version/./}.txt" "hayakoe-daemon[$(IFS=,; echo "${EXTRAS[*]}")] on $architecture with Python $version." \
            --only-binary :all: --no-binary systemd-python --no-emit-package "$LEFT_OUT" \
            --python-platform "$architecture-manylinux_$GLIBC" --python-version "$version" "${EXTRAS[@]/#/--extra=}" pyproject.toml
    done
done

# Of the same version as the onnxruntime that it replaces, and only what that has not.
for version in "${PYTHONS[@]}"; do
    beside=$NEW/x86_64-py${version/./}.txt
    sed -n 's/^onnxruntime==\([^ ]*\).*/onnxruntime-gpu[cuda,cudnn]==\1/p' "$beside" >"$SCRATCH/cuda.in"
    left_out=("${NO_FFT[@]}")
    mapfile -t -O "${#left_out[@]}" left_out < <(sed -n 's/^\([^ #=]*\)==.*/\1/p' "$beside")
    compile "cuda-x86_64-py${version/./}.txt" "onnxruntime for NVIDIA graphics cards on x86_64 with Python $version, beside x86_64-py${version/./}.txt." \
        --only-binary :all: "${left_out[@]/#/--no-emit-package=}" --constraint "$beside" \
        --python-platform "x86_64-manylinux_$GLIBC" --python-version "$version" "$SCRATCH/cuda.in"
done
put_in_place
