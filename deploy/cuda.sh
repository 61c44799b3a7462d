#!/usr/bin/env bash
set -euo pipefail

usage() {
    cat <<'EOF'
usage: deploy/cuda.sh [--venv DIR] [--undo]

For voices on an NVIDIA graphics card (x86-64): puts the build of ONNX Runtime for CUDA in the place of the one that is
installed, and NVIDIA's libraries beside it: 1.4 GB to fetch, 2.1 GB on the disk. Every file is named by its hash. All is
fetched before anything is changed; where it fails or is interrupted, the build for the processor is back. The service that
deploy/install.sh has made is given the card as well (systemd/cuda.conf).

  --venv DIR  the virtual environment; else, with sudo, what deploy/install.sh installed, and without, .venv of this clone;
              where there is only one of the two, that one
  --undo      the other way round: the build for the processor, without NVIDIA's libraries
  --help      show this

Afterwards set `device: cuda` below `voices:` in the config and restart the daemon. It needs NVIDIA's driver, 580 or newer,
and a card of the Turing generation (2018: GTX 16, RTX 20) or newer. After an upgrade `hayakoe-daemon check-config` says
whether this is to be run again.
EOF
}

bad_usage() {
    printf 'deploy/cuda.sh: %s\n\n' "$1" >&2
    usage >&2
    exit 2
}

TARGET='' undo=''
while [ $# -gt 0 ]; do
    case $1 in
    -h | --help)
        usage
        exit
        ;;
    --undo) undo=yes ;;
    --venv)
        [ -n "${2:-}" ] || bad_usage "--venv needs a folder"
        TARGET=$2
        shift
        ;;
    *) bad_usage "there is no option $1" ;;
    esac
    shift
done

# shellcheck source=deploy/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"
exec </dev/null

INSTALLED=/opt/hayakoe-daemon/current
DROP_IN=/etc/systemd/system/hayakoe-daemon.service.d/cuda.conf
# megabytes that fetching and unpacking take together, with some to spare
ROOM=3800

in_venv() { "$TARGET/bin/python" "$@"; }
pip() { in_venv -m pip --disable-pip-version-check --no-input --no-cache-dir --quiet "$@"; }

# The names and versions of the builds that are there, one a line, such as `onnxruntime 1.31.1`.
builds() {
    in_venv - <<'EOF'
from importlib.metadata import PackageNotFoundError, version
for name in ("onnxruntime", "onnxruntime-gpu"):
    try:
        print(name, version(name))
    except PackageNotFoundError:
        pass
EOF
}

# Print the package $2 of the lock $1, with its hashes.
of_lock() { sed -n "/^$2==/,/[^\\\\]\$/p" "$1"; }

version_of() { of_lock "$1" "$2" | sed -n '1s/^.*==\([^ ]*\).*/\1/p'; }

# Whether exactly this build is there, whole: it loads, and knows the provider $2; and NVIDIA's libraries with it, where
# it is the one for CUDA.
whole() {
    local libraries=()
    [ "$2" = CPUExecutionProvider ] || mapfile -t libraries < <(sed -n 's/^\(nvidia-[^ ]*==[^ ]*\).*/\1/p' "$CUDA_LOCK")
    [ "$(builds)" = "$1" ] && in_venv - "$2" "${libraries[@]}" 2>/dev/null <<'EOF'
import sys
from importlib.metadata import version
import onnxruntime
provider, *libraries = sys.argv[1:]
there = all(version(name) == wanted for name, _, wanted in (one.partition("==") for one in libraries))
sys.exit(provider not in onnxruntime.get_available_providers() or not there)
EOF
}

fetch() {
    pip download --require-hashes --no-deps --only-binary :all: --dest "$SCRATCH/$1" --requirement "$SCRATCH/$1.txt" ||
        die "pip could not fetch all of it. Nothing was changed. Run this again once the cause is gone."
}

put() { pip install --no-index --no-deps --force-reinstall "$SCRATCH/$1"/*.whl; }

# Whatever is there of either build, and of NVIDIA's libraries that came with it.
take_away() {
    local names
    mapfile -t names < <(sed -n 's/^\([a-z][^ =]*\)==.*/\1/p' "$CUDA_LOCK")
    pip uninstall --yes onnxruntime "${names[@]}" 2>/dev/null || true
    # what a pip that was interrupted leaves: what it had set aside, and files that belong to no package
    rm -rf -- "$SITE"/~nnxruntime*
    if ! compgen -G "$SITE/nvidia_*.dist-info" >/dev/null; then
        rm -rf -- "$SITE/nvidia"
    fi
    if ! compgen -G "$SITE/onnxruntime*.dist-info" >/dev/null; then
        rm -rf -- "$SITE/onnxruntime"
    fi
}

# The installed service is hardened: it sees no device that it is not given.
let_service() {
    # TARGET is without links, and /opt may be one
    [[ $TARGET == "$(realpath -m -- "$(dirname -- "$INSTALLED")")"/* ]] || return 0
    case $1 in
    see_card) install -D -m 644 -- "$ROOT/systemd/cuda.conf" "$DROP_IN" ;;
    be)
        rm -f -- "$DROP_IN"
        rmdir --ignore-fail-on-non-empty -- "$(dirname -- "$DROP_IN")" 2>/dev/null || true
        ;;
    esac
    [ ! -d /run/systemd/system ] || systemctl daemon-reload
}

CHANGING=''
# shellcheck disable=SC2317 # on_exit calls it
put_back() {
    if [ -n "$CHANGING" ]; then
        say "That did not finish: putting the build for the processor back."
        take_away
        put cpu || say "error: that failed too. Run: $TARGET/bin/python -m pip install --force-reinstall onnxruntime==$(version_of "$CPU_LOCK" onnxruntime)"
    fi
}

# shellcheck disable=SC2317 # on_exit calls it
remove_scratch() { rm -rf -- "$SCRATCH"; }

# With sudo the service is meant, else the clone. (What root changes in the clone its owner could not change afterwards.)
choose_venv() {
    local venvs=("$VENV" "$INSTALLED")
    [ "$(id -u)" -ne 0 ] || venvs=("$INSTALLED" "$VENV")
    for TARGET in "${venvs[@]}"; do
        [ ! -x "$TARGET/bin/python" ] || return 0
    done
}

main() {
    local python architecture lock build provider service target_build left driver
    [ -n "$TARGET" ] || choose_venv
    [ -x "$TARGET/bin/python" ] || die "there is no virtual environment in $TARGET. Make one with deploy/try.sh or deploy/install.sh, or name one with --venv."
    TARGET=$(cd -- "$TARGET" && pwd -P)
    [ -w "$TARGET" ] || die "$TARGET belongs to somebody else. Run: sudo ${BASH_SOURCE[0]}${undo:+ --undo} --venv $TARGET"

    python=$(in_venv -c 'import sys; print("py%d%d" % sys.version_info[:2])')
    architecture=$(uname -m)
    CPU_LOCK=$ROOT/deploy/locks/$architecture-$python.txt
    CUDA_LOCK=$ROOT/deploy/locks/cuda-$architecture-$python.txt
    [ "$architecture" = x86_64 ] || die "ONNX Runtime for CUDA is there for x86-64 only, and this machine is $architecture"
    [ -e "$CUDA_LOCK" ] || die "$TARGET has a Python ($python) that nothing is locked for; 3.11 to 3.13 are"

    SITE=$(in_venv -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
    [[ $SITE == "$TARGET"/* ]] || die "$TARGET is no virtual environment: its packages lie in $SITE"

    if [ -n "$undo" ]; then
        lock=$CPU_LOCK build=onnxruntime provider=CPUExecutionProvider service=be
    else
        lock=$CUDA_LOCK build=onnxruntime-gpu provider=CUDAExecutionProvider service=see_card
    fi
    target_build="$build $(version_of "$lock" "$build")"
    if whole "$target_build" "$provider"; then
        let_service "$service"
        say "$target_build is in $TARGET already."
        exit
    fi

    # in the venv: /tmp may be small, or in memory
    SCRATCH=$(mktemp -d "$TARGET/.cuda-XXXXXX")
    on_exit remove_scratch
    on_exit put_back
    export TMPDIR=$SCRATCH

    of_lock "$CPU_LOCK" onnxruntime >"$SCRATCH/cpu.txt"
    if [ -z "$undo" ]; then
        left=$(df --output=avail -BM -- "$TARGET" | tr -dc '0-9')
        [ "$left" -ge "$ROOM" ] || die "this takes $ROOM MB, and $left MB are left where $TARGET is. Nothing was changed."
        cp -- "$CUDA_LOCK" "$SCRATCH/cuda.txt"
        say "Fetching ONNX Runtime for CUDA and NVIDIA's libraries (1.4 GB)."
        fetch cuda
    fi
    fetch cpu

    say "Putting $target_build into $TARGET."
    CHANGING=yes
    take_away
    if [ -n "$undo" ]; then put cpu; else put cuda; fi
    whole "$target_build" "$provider" || die "$target_build was installed and does not work"
    let_service "$service"
    CHANGING=''

    say "$target_build is in $TARGET."
    if [ -z "$undo" ]; then
        say "Next: \`device: cuda\` below \`voices:\` in the config, then restart the daemon."
        driver=$(in_venv -c 'from hayakoe_daemon.voice.cuda.card import Card; print(Card().hindrance() or "")' 2>/dev/null || true)
        [ -z "$driver" ] || say "Until then the voices speak on the processor: $driver"
    else
        say "Next: restart the daemon. (With \`device: cuda\` in the config it would say why voices speak on the processor.)"
    fi
    exit
}
# one function, read whole before it runs: it may be another file by the time it ends
main
