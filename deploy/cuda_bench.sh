#!/usr/bin/env bash
set -euo pipefail

usage() {
    cat <<'EOF'
usage: deploy/cuda_bench.sh [OPTION...]

Where an NVIDIA card is at hand: runs the tests that need one, measures what it gives (each thing that makes a voice
faster alone, and all together), and keeps figures and page with date and card in their names. Where there is none it
says so and ends with status 77.

  --models DIR      the folder of a voice and its BERT (default: the tiny stand-in of the tests, which says noise)
  --voice NAME      the voice in it
  --against PYTHON  also beside `hayakoe` on torch and CUDA, by the interpreter that has it; DIR then has its
                    PyTorch files too, in pytorch/
  --python PYTHON   an interpreter with onnxruntime-gpu and what hayakoe-daemon needs (default: .venv, in which
                    deploy/cuda.sh puts onnxruntime-gpu)
  --runs N          how often each text is said (100)
  --out DIR         where figures are kept (default: deploy/figures)
  --skip-tests      only measure
  --help            show this

With --python nothing is installed and nothing is fetched: a clone, that interpreter and the driver are all it takes.
pytest has to be in it for the tests; without it they are passed over.

The voice is prepared in a folder of its own below TMPDIR (/var/tmp), which goes away afterwards: up to 6 GB for a voice of
full size with BERT in 32 bits, by the size of the files.
EOF
}

models='' voice='' against='' python='' runs=100 out='' tests=yes
while [ $# -gt 0 ]; do
    case $1 in
    -h | --help)
        usage
        exit
        ;;
    --skip-tests) tests='' ;;
    --models | --voice | --against | --python | --runs | --out)
        [ -n "${2:-}" ] || {
            printf 'error: %s: what?\n' "$1" >&2
            usage >&2
            exit 2
        }
        declare "${1#--}=$2"
        shift
        ;;
    *)
        printf 'error: %s is not known\n' "$1" >&2
        usage >&2
        exit 2
        ;;
    esac
    shift
done

path=${PYTHONPATH:-}
# shellcheck source=deploy/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"
# a Python that was named may find its packages by that
[ -z "$python" ] || [ -z "$path" ] || export PYTHONPATH=$path

# A card's name, as part of a file's; fails where there is none.
slug() { head -n 1 | tr '[:upper:]' '[:lower:]' | tr -cs '[:alnum:]' '-' | sed 's/-*$//' | grep .; }

if ! name=$(nvidia-smi --id="${CUDA_VISIBLE_DEVICES:-0}" --query-gpu=name --format=csv,noheader 2>/dev/null | slug); then
    say "No NVIDIA graphics card is at hand (nvidia-smi names none): nothing was tested or measured."
    exit 77
fi

absolute() { [ -z "$1" ] || realpath -s -- "$1"; }
models=$(absolute "$models") out=$(absolute "${out:-$ROOT/deploy/figures}")
# An interpreter may be a link out of its venv: the link itself is what is run.
python=$(absolute "$python") against=$(absolute "$against")
cd -- "$ROOT"

if [ -z "$python" ]; then
    python=$VENV/bin/python
    if ! [ -x "$python" ] || ! "$python" -c 'import pytest, hayakoe_daemon' 2>/dev/null; then
        set_up_system gcc pkg-config libsystemd-dev libportaudio2
        set_up_venv dev
    fi
    if ! "$python" -c 'import importlib.metadata as m; m.version("onnxruntime-gpu")' 2>/dev/null; then
        deploy/cuda.sh --venv "$VENV"
    fi
fi
"$python" -c 'import onnxruntime, sys; sys.exit("CUDAExecutionProvider" not in onnxruntime.get_available_providers())' ||
    die "the onnxruntime of $python computes on the processor only: put onnxruntime-gpu in its place (deploy/cuda.sh)"

# of several cards the one that computes, which need not be the one that nvidia-smi counts first
name=$("$python" -c 'from hayakoe_daemon.bench.nvidia_smi import card; print(card().get("card", ""))' | slug) || name=card
mkdir -p -- "$out"
stem=$out/cuda-$(date -u +%Y%m%d-%H%M%S)-$name
# not in /tmp, which is memory on Debian 13
scratch=$(mktemp -d "${TMPDIR:-/var/tmp}/hayakoe-cuda-bench.XXXXXX")
# shellcheck disable=SC2317 # on_exit calls it
clean_up() { rm -rf -- "$scratch"; }
on_exit clean_up

failed=''
if [ -n "$tests" ]; then
    if "$python" -c 'import pytest' 2>/dev/null; then
        say "Tests that need a card"
        "$python" -m pytest -m cuda -p no:cacheprovider tests/voice tests/bench 2>&1 | tee "$stem.tests.txt" || failed=yes
    else
        say "$python has no pytest: the tests are passed over."
    fi
fi

if [ -z "$models" ]; then
    say "No --models: the tiny stand-in of the tests is measured, which tells little of a real voice."
    models=$scratch/models voice=alpha
    "$python" -m tests.support.stand_in "$models" "$voice"
fi
say "Measuring (with 100 runs some 15 minutes)"
measure=("$python" -m hayakoe_daemon bench --device cuda --models "$models" --runs "$runs" --json --html "$stem.html")
[ -z "$voice" ] || measure+=(--voice "$voice")
[ -z "$against" ] || measure+=(--against "$against")
"${measure[@]}" --prepared "$scratch/prepared" >"$scratch/figures.json"
mv -- "$scratch/figures.json" "$stem.json"
say "Kept: $stem.json and $stem.html"
[ -z "$failed" ] || die "tests failed: see $stem.tests.txt"
