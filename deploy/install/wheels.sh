# shellcheck shell=bash
# The Python packages: locked, checked by their hashes, two of them built here. Sourced after lib.sh, not run.

pip_of() { TMPDIR=$SCRATCH "$1/bin/python" -m pip --disable-pip-version-check --no-input --no-cache-dir "${@:2}" --quiet; }

# As it stands in the one place where it stands.
project_version() {
    sed -n 's/^\(version\|__version__\) = "\(.*\)"$/\2/p' "$ROOT/pyproject.toml" "$ROOT/hayakoe_daemon/__init__.py" | head -n 1
}

# The lock for the Python in $1.
lock_of() {
    local lock
    lock=$ROOT/deploy/locks/$("$1" -c 'import platform, sys; print("%s-py%d%d" % (platform.machine(), *sys.version_info[:2]))').txt
    [ -e "$lock" ] || die "there is no $lock: this machine is neither x86_64 nor aarch64, or its Python is too new"
    printf '%s\n' "$lock"
}

# Of the lock in $1, the one package in $2; or with ! before it, all others.
locked() {
    awk -v name="${2#!}" -v others="${2%"${2#!}"}" '
        /^[^ #]/ { ours = index($0, name "==") == 1 }
        (others == "!") != ours
    ' "$1"
}

# Build into the folder $3 what no index has as a wheel: systemd-python of the lock $2 and the project, with the Python $1.
# What builds them is locked too: pip itself would fetch it unchecked. (Of systemd-python the lock knows the source alone, so
# no --no-binary, which the pip of Debian 12 answers with a warning.) Each step tells its failure: `set -e` counts for nothing in
# what is called before `|| die`.
build_wheels() {
    local python=$1 lock=$2 wheels=$3 builder=$SCRATCH/builder
    "$python" -m venv "$builder" || return
    pip_of "$builder" install --require-hashes --only-binary :all: --requirement "$ROOT/deploy/locks/build.txt" || return
    locked "$lock" systemd-python >"$SCRATCH/systemd-python.txt" || return
    PATH=$builder/bin:$PATH pip_of "$builder" wheel --no-build-isolation --use-pep517 --no-deps --require-hashes \
        --requirement "$SCRATCH/systemd-python.txt" --wheel-dir "$wheels" || return
    pip_of "$builder" wheel --no-build-isolation --no-deps --wheel-dir "$wheels" "$ROOT" || return
    rm -rf -- "$builder"
}
