#!/usr/bin/env bash
set -euo pipefail

usage() {
    cat <<'EOF'
usage: deploy/check-arm64.sh [OPTION...] [-- PYTEST ARGUMENT...]

Proves on an x86-64 Debian, as root, that hayakoe-daemon runs on arm64: inside a Debian of that architecture, whose
programs run through qemu. In this order:

  tree       a qemu of its own, and debootstrap of the release
  install    the packages that the tests need, and deploy/install.sh with its locked requirements
  libraries  each library that was installed can be loaded where memory pages have 16 KiB, as on a Raspberry Pi 5
  speech     the same sentences said here and there: the embedded voice identical, the tiny neural voice within 1e-4
  tests      the tests, less those marked `long` and `realtime`: emulated, nothing is in time

  --release NAME     bookworm (the default) or trixie
  --folder DIR       for what it takes, 3 GB (default: /var/tmp/hayakoe-arm64/RELEASE); what is there is not made again
  --only STEP[,...]  these steps alone
  --processor NAME   which one qemu is (default: cortex-a72, that of a Raspberry Pi 4; cortex-a76 is that of a 5)
  --python FILE      this machine's Python with the project's packages (default: .venv, which is made if need be)
  --remove           take the folder away, but for what others have put there
  --help             show this

The first run takes an hour or two, by far the most of it for the tests. It proves results, not speed: what is emulated
is 10 to 30 times slower. qemu 10 is fetched from Debian 13; that of Debian 12 crashes onnxruntime. While the script runs,
the kernel is told to start arm64 programs with it (binfmt_misc); interrupted or not, that is taken back at the end.
Needs debootstrap, util-linux and debian-archive-keyring.
EOF
}

bad_usage() {
    printf 'deploy/check-arm64.sh: %s\n\n' "$1" >&2
    usage >&2
    exit 2
}

STEPS=(tree install libraries speech tests)
release=bookworm folder='' only='' processor=cortex-a72 python='' remove='' arguments=()
while [ $# -gt 0 ]; do
    case $1 in
    -h | --help)
        usage
        exit
        ;;
    --release | --folder | --only | --processor | --python)
        [ -n "${2:-}" ] || bad_usage "$1 needs a value"
        case $1 in
        --release) release=$2 ;;
        --folder) folder=$2 ;;
        --only) only=$2 ;;
        --processor) processor=$2 ;;
        --python) python=$2 ;;
        esac
        shift 2
        ;;
    --remove)
        remove=1
        shift
        ;;
    --)
        shift
        arguments=("$@")
        break
        ;;
    *) bad_usage "there is no option $1" ;;
    esac
done
case $release in bookworm | trixie) ;; *) bad_usage "--release is bookworm or trixie" ;; esac
for step in ${only//,/ }; do
    [[ " ${STEPS[*]} " == *" $step "* ]] || bad_usage "there is no step $step; there are: ${STEPS[*]}"
done

# shellcheck source=deploy/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"
exec </dev/null
cd -- "$ROOT"

[ "$(id -u)" -eq 0 ] || die "this makes a tree with another architecture's programs in it, and needs root: sudo deploy/check-arm64.sh"
[ "$(uname -m)" = x86_64 ] || die "this machine is $(uname -m); here deploy/test.sh proves more than any emulation"
folder=${folder:-/var/tmp/hayakoe-arm64/$release}
mkdir -p -- "$folder"
folder=$(cd -- "$folder" && pwd -P)
TREE=$folder/tree QEMU=$folder/qemu-aarch64
BINFMT=/proc/sys/fs/binfmt_misc
ENTRY=hayakoe-arm64-$(cksum <<<"$folder" | cut -d ' ' -f 1)
KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg

exec 9>"$folder/lock"
flock -n 9 || die "another run of this script works in $folder"
if [ -n "$remove" ]; then
    # in the tree nothing of this machine is mounted: what is mounted for a run is so in a namespace of its own
    rm -rf --one-file-system -- "$TREE" "$QEMU" "$QEMU.new" "$folder"/{here,there,lock} "$folder"/{debootstrap,apt,pip}.log "$folder"/apt.??????
    rmdir --ignore-fail-on-non-empty -- "$folder"
    exit
fi

# --- running things in the tree -------------------------------------------------------------------------------------

# Have the kernel start arm64 programs with our qemu, also in a chroot (F), and take that back at the end.
register() {
    if [ ! -e "$BINFMT/register" ]; then
        mount -t binfmt_misc binfmt_misc "$BINFMT" || die "binfmt_misc cannot be mounted on $BINFMT"
        on_exit unmount_binfmt
    fi
    [ ! -e "$BINFMT/$ENTRY" ] || echo -1 >"$BINFMT/$ENTRY"
    on_exit unregister
    # the first 20 bytes of an ELF file: 64 bits, little endian, executable or shared, for machine 183
    printf '%s' ":$ENTRY:M::"'\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00:\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff:'"$QEMU:OCF" \
        >"$BINFMT/register" || die "the kernel does not take $QEMU as the interpreter of arm64 programs"
}
# shellcheck disable=SC2317
unregister() { [ ! -e "$BINFMT/$ENTRY" ] || echo -1 >"$BINFMT/$ENTRY"; }
# Another program may have registered something since; then it stays.
# shellcheck disable=SC2317
unmount_binfmt() {
    [ -n "$(find "$BINFMT" -mindepth 1 ! -name register ! -name status)" ] || umount "$BINFMT"
}

# Run a command in namespaces of its own, of which neither a process nor a mount is left, whatever ends this script.
alone() {
    local status=0
    unshare --mount --propagation private --pid --fork --kill-child "$@" &
    CHILD=$!
    wait "$CHILD" || status=$?
    CHILD=''
    return "$status"
}
CHILD=''
# shellcheck disable=SC2317
end_child() { [ -z "$CHILD" ] || kill -KILL "$CHILD" 2>/dev/null || true; }
on_exit end_child

# Run a command in the tree, in /src: `inside [NAME=VALUE]... COMMAND...`.
inside() {
    local name environment=()
    for name in http_proxy https_proxy no_proxy; do
        [ -z "${!name:-}" ] || environment+=("$name=${!name}")
    done
    # names of machines, and certificates in case this one trusts more than Debian does
    cp -L /etc/resolv.conf /etc/hosts "$TREE/etc/"
    if [ -e /etc/ssl/certs/ca-certificates.crt ]; then
        mkdir -p "$TREE/etc/ssl/certs"
        cp -L /etc/ssl/certs/ca-certificates.crt "$TREE/etc/ssl/certs/"
    fi
    # what bash runs beside itself does not hear of SIGINT; the tests do
    # shellcheck disable=SC2016
    alone env --default-signal=INT,QUIT TREE="$TREE" bash -c '
        set -e
        mount -t proc proc "$TREE/proc"
        mount --rbind /sys "$TREE/sys"
        mount --rbind /dev "$TREE/dev"
        mount -t tmpfs tmpfs "$TREE/tmp"
        mount -t tmpfs tmpfs "$TREE/run"
        mkdir -p "$TREE/src"
        exec chroot "$TREE" env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root \
            LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore \
            /bin/sh -c "cd /src && exec env \"\$@\"" sh "$@"
    ' inside "QEMU_CPU=$processor" "${environment[@]}" "$@"
}

# --- the steps ------------------------------------------------------------------------------------------------------

# The first Debian mirror among the sources of apt, in either of their formats.
mirror() {
    cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources 2>/dev/null |
        sed -n 's/^deb  *\(\[[^]]*\] *\)\{0,1\}\(http[^ ]*\).*/\2/p; s/^URIs: *\(http[^ ]*\).*/\1/p' |
        sed -n '\,/debian/*$,{p;q}' | grep . || echo http://deb.debian.org/debian
}

# The one binary out of Debian 13's package; this machine's own packages and lists stay as they are.
fetch_qemu() {
    local scratch
    scratch=$(mktemp -d -- "$folder/apt.XXXXXX")
    mkdir -p "$scratch"/{lists/partial,cache/archives/partial,sources,unpacked}
    chmod 755 "$scratch"
    echo "deb [signed-by=$KEYRING] $(mirror) trixie main" >"$scratch/sources.list"
    cat >"$scratch/apt.conf" <<EOF
Dir::Etc::SourceList "$scratch/sources.list";
Dir::Etc::SourceParts "$scratch/sources";
Dir::Etc::PreferencesParts "$scratch/sources";
Dir::State::Lists "$scratch/lists";
Dir::Cache "$scratch/cache";
APT::Sandbox::User "root";
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
EOF
    (
        cd -- "$scratch"
        apt-get -qq -c apt.conf update
        apt-get -qq -c apt.conf download qemu-user
        dpkg-deb -x qemu-user_*.deb unpacked
    )
    install -m 755 "$scratch/unpacked/usr/bin/qemu-aarch64" "$QEMU.new"
    mv -- "$QEMU.new" "$QEMU"
    rm -rf -- "$scratch"
}

step_tree() {
    if [ ! -x "$QEMU" ]; then
        say "Fetching qemu-user of Debian 13."
        rm -rf -- "$folder"/apt.??????
        fetch_qemu
    fi
    say "$("$QEMU" --version | head -n 1), as a $processor"
    if [ ! -e "$TREE/.complete" ]; then
        [ -r "$KEYRING" ] || die "there is no $KEYRING: apt-get install debian-archive-keyring"
        command -v debootstrap >/dev/null || die "there is no debootstrap: apt-get install debootstrap"
        rm -rf --one-file-system -- "$TREE"
        register
        say "Making a $release for arm64 in $TREE: some minutes (what it does: $folder/debootstrap.log)."
        # what looks for binfmt_misc in the tree finds none, and need not
        alone --mount-proc debootstrap --arch=arm64 --variant=minbase --include=ca-certificates --keyring="$KEYRING" \
            "$release" "$TREE" "$(mirror)" >"$folder/debootstrap.log" 2>&1 ||
            die "debootstrap failed: $(tail -n 3 -- "$folder/debootstrap.log")"
        touch -- "$TREE/.complete"
    fi
}

# The working tree as it is now, but for what was made in it.
copy_project() {
    rm -rf --one-file-system -- "$TREE/src"
    mkdir -p -- "$TREE/src"
    tar -C "$ROOT" --exclude-vcs --exclude='./.venv*' --exclude=./.try --exclude=__pycache__ --exclude='./.*_cache' -cf - . |
        tar -C "$TREE/src" --no-same-owner -xf -
}

# What the tests need besides; the rest deploy/install.sh brings.
PACKAGES=(
    python3-venv gcc g++ libc6-dev pkg-config libsystemd-dev libasound2-dev mosquitto mosquitto-clients openssl shellcheck
)
INSTALLED=/opt/hayakoe-daemon/current/bin/hayakoe-daemon
GUEST=/opt/check/bin/python

step_install() {
    say "Installing the packages of the system in the tree."
    printf '#!/bin/sh\nexit 101\n' >"$TREE/usr/sbin/policy-rc.d" # nothing is to be started by being installed
    chmod 755 "$TREE/usr/sbin/policy-rc.d"
    inside sh -c 'apt-get -qq update && apt-get -qq -o Dpkg::Use-Pty=0 --no-install-recommends install "$@" && apt-get clean' sh \
        "${PACKAGES[@]}" >"$folder/apt.log" 2>&1 || die "apt-get failed: $(tail -n 5 -- "$folder/apt.log")"
    say "deploy/install.sh, in the tree:"
    inside deploy/install.sh --no-start
    say "Installing what the tests need besides, into a venv that sees what was installed."
    # shellcheck disable=SC2016
    inside sh -c '
        test -x /opt/check/bin/python || python3 -m venv /opt/check
        cd /opt/check/lib/python3*/site-packages
        echo /opt/hayakoe-daemon/current/lib/python3*/site-packages >installed.pth
        /opt/check/bin/python -m pip install --no-input --progress-bar off hypothesis pytest pytest-xdist' \
        >"$folder/pip.log" 2>&1 || die "pip failed: $(tail -n 5 -- "$folder/pip.log")"
    inside "$GUEST" -c 'import onnxruntime, numpy; print("installed: onnxruntime", onnxruntime.__version__, "numpy", numpy.__version__)'
}

host() { nice "$python" "$@"; }

step_libraries() {
    host -m tests.machines.pages "$TREE/opt" "$TREE/usr/lib/aarch64-linux-gnu" "$TREE/usr/lib/python3"*
}

step_speech() {
    local sentence=(say --config config.example.yaml --voice embedded 洗濯が終わりました。七時に夕食です。 --wav)
    rm -rf -- "$folder/here" "$folder/there"
    mkdir -- "$folder/here"
    say "Speaking here."
    host -m hayakoe_daemon "${sentence[@]}" "$folder/here/said.wav"
    host -m tests.machines.speak "$folder/here"
    cp -r -- "$folder/here" "$TREE/src/here"
    say "Speaking there."
    mkdir -- "$TREE/src/there"
    inside "$INSTALLED" "${sentence[@]}" there/said.wav
    inside "$GUEST" -m tests.machines.speak there here
    cp -r -- "$TREE/src/there" "$folder/there"
    cmp -- "$folder/here/said.wav" "$folder/there/said.wav" || die "what the installed command has said there differs"
    say "The file that the installed command has written there is that of this machine, byte for byte."
    host -m tests.machines.compare "$folder/here" "$folder/there"
}

step_tests() {
    if [ ${#arguments[@]} -eq 0 ]; then
        arguments=(-n "$(nproc)" --dist loadfile)
    fi
    inside HAYAKOE_TEST_PATIENCE=20 "$GUEST" -m pytest -m 'not long and not realtime' "${arguments[@]}"
}

# --- all of it ------------------------------------------------------------------------------------------------------

if [ -z "$python" ]; then
    set_up_venv dev
    python=$VENV/bin/python
fi
# shellcheck disable=SC2317
tell_failed() { [ -z "$running" ] || say "--- $running: that failed"; }
running=''
on_exit tell_failed
for step in "${STEPS[@]}"; do
    if [ -n "$only" ] && [[ ",$only," != *",$step,"* ]]; then
        continue
    fi
    begun=$SECONDS
    say "--- $step"
    if [ "$step" != tree ]; then
        [ -e "$TREE/.complete" ] || die "there is no tree in $folder: run the step tree first"
        [ -e "$BINFMT/$ENTRY" ] || register
        copy_project
    fi
    running=$step
    "step_$step"
    running=''
    say "--- $step took $(((SECONDS - begun + 30) / 60)) minutes"
done
