# shellcheck shell=bash
# The versions under /opt: a venv each, `current` and `previous` name two of them. Sourced after lib.sh, not run.

PREFIX=/opt/hayakoe-daemon
# megabytes that a version takes, with what is fetched meanwhile
ROOM=900

# The folder that the link $1 (current or previous) names; nothing where there is none.
linked() {
    if [ -d "$PREFIX/$1/" ]; then
        readlink -f -- "$PREFIX/$1"
    fi
}

# Point the link $1 to the folder $2 from one moment to the next; to nothing where $2 is empty.
link_to() {
    if [ -z "$2" ]; then
        rm -f -- "$PREFIX/$1"
        return
    fi
    ln -sfn -- "versions/$(basename -- "$2")" "$PREFIX/.$1"
    mv -T -- "$PREFIX/.$1" "$PREFIX/$1"
}

# Make a venv with all that is pinned, in a folder of its own: what runs is not touched. VERSION is that folder.
make_version() {
    local before lock
    before=$(linked current)
    check_room "$ROOM" "$PREFIX"
    lock=$(lock_of "$PYTHON")
    VERSION=$PREFIX/versions/$(date -u +%Y%m%d-%H%M%S)-$(project_version)
    say "Making $VERSION (some minutes on a Raspberry Pi)."
    undo_with undo_version
    mkdir -p -- "$VERSION" "$SCRATCH/wheels"
    "$PYTHON" -m venv "$VERSION"
    if [ -n "$OFFLINE" ]; then
        pip_of "$VERSION" install --no-index --find-links "$OFFLINE/wheels" --no-deps --require-hashes --only-binary :all: \
            --requirement "$OFFLINE/requirements.txt" || die "pip could not install what is in $OFFLINE"
    else
        say "Building what has no wheel: systemd-python, and hayakoe-daemon itself."
        build_wheels "$PYTHON" "$lock" "$SCRATCH/wheels" || die "pip could not build the wheels. Run this again once the cause is gone."
        say "Fetching the Python packages of $(basename -- "$lock"), checked by their hashes."
        locked "$lock" '!systemd-python' >"$SCRATCH/requirements.txt"
        pip_of "$VERSION" install --no-deps --require-hashes --only-binary :all: --requirement "$SCRATCH/requirements.txt" ||
            die "pip could not install the packages. Run this again once the cause is gone."
        pip_of "$VERSION" install --no-index --no-deps "$SCRATCH"/wheels/*.whl
    fi
    keep_along
    keep_cuda "$before"
    # on the disk before anything points to it: many pull the plug as soon as it is installed
    sync --file-system -- "$VERSION"
}
# shellcheck disable=SC2317
undo_version() {
    rm -rf -- "$VERSION"
    rmdir --ignore-fail-on-non-empty -- "$PREFIX/versions" "$PREFIX" 2>/dev/null || true
}

# What belongs to a version besides its packages: its unit, and what rolls back and uninstalls without the clone.
keep_along() {
    local share=$VERSION/share/hayakoe-daemon
    mkdir -p -- "$share/deploy"
    # shellcheck disable=SC2153 # ROOT is of lib.sh, and no misspelt ROOM
    cp -R --no-preserve=ownership -- "$ROOT/deploy/install.sh" "$ROOT/deploy/lib.sh" "$ROOT/deploy/install" "$share/deploy/"
    cp -R --no-preserve=ownership -- "$ROOT/systemd" "$ROOT/config.example.yaml" "$share/"
    chmod -R u+w,go-w,a+rX -- "$share"
    # a USB stick does not keep that, nor does every program that unpacks
    chmod a+x -- "$share/deploy/install.sh"
}

# onnxruntime for CUDA, where the version before had it.
keep_cuda() {
    [ -n "$1" ] && compgen -G "$1/lib/python3*/site-packages/onnxruntime_gpu-*" >/dev/null || return 0
    if [ -z "$OFFLINE" ] && [ -x "$ROOT/deploy/cuda.sh" ]; then
        "$ROOT/deploy/cuda.sh" --venv "$VERSION"
    else
        say "warning: the version before had onnxruntime for CUDA, and this one has not: run deploy/cuda.sh --venv $PREFIX/current"
    fi
}

# All but the two that are linked: older ones, and what a run that was killed has left. (The folders are compared, not their
# names: /opt may be a link to another disk.)
remove_other_versions() {
    local folder
    for folder in "$PREFIX"/versions/*/; do
        [ "$folder" -ef "$PREFIX/current" ] || [ "$folder" -ef "$PREFIX/previous" ] || rm -rf -- "$folder"
    done
}
