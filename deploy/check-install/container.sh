# shellcheck shell=bash
# A fresh Debian: made once by debootstrap, then each time an empty layer over it, booted or entered. Sourced after lib.sh.

# shellcheck disable=SC2317 # on_exit calls it
clean_up() {
    local waited
    [ -z "${CHILD:-}" ] || { kill -KILL "$CHILD" && wait "$CHILD"; } 2>/dev/null || true
    # all that is in there dies with the first of its processes, and takes a moment for it
    for ((waited = 0; waited < 100; waited++)); do
        [ -e "${CGROUP:-}" ] || break
        find "$CGROUP" -depth -type d -exec rmdir {} + 2>/dev/null || sleep 0.1
    done
    if [ -n "${WORK:-}" ]; then
        # tail, below, looks once a second whether to end
        for ((waited = 0; waited < 30; waited++)); do
            mountpoint -q "$WORK/tree" || break
            umount -R -- "$WORK/tree" 2>/dev/null || sleep 0.1
        done
        ! mountpoint -q "$WORK/tree" || umount -Rl -- "$WORK/tree"
        rm -rf --one-file-system -- "$WORK"
    fi
    rm -rf --one-file-system -- "$BASE.part" "$BUNDLE.part"
}
on_exit clean_up

make_base() {
    say "Making $BASE with debootstrap (some minutes)."
    rm -rf --one-file-system -- "$BASE" "$BASE.part"
    debootstrap --variant=minbase --include=systemd,systemd-sysv,dbus,sudo,ca-certificates "$RELEASE" "$BASE.part" \
        http://deb.debian.org/debian >"$DIR/$RELEASE-debootstrap.log" 2>&1 || die "debootstrap failed: see $DIR/$RELEASE-debootstrap.log"
    touch "$BASE.part/made"
    mv -T -- "$BASE.part" "$BASE"
}

# TREE, with a user who may use sudo.
fresh_tree() {
    clean_up
    WORK=$(mktemp -d -- "$DIR/work.XXXXXX")
    TREE=$WORK/tree
    mkdir "$TREE" "$WORK/upper" "$WORK/scratch"
    mount -t overlay overlay -o "lowerdir=$BASE,upperdir=$WORK/upper,workdir=$WORK/scratch" "$TREE" || die "$DIR is on no disk that overlayfs can use"
    : >"$TREE/etc/machine-id"
    # what an installed Debian has and debootstrap leaves out
    printf '127.0.0.1 localhost\n127.0.1.1 %s\n' "$(hostname)" >"$TREE/etc/hosts"
    rm -f -- "$TREE/etc/resolv.conf"
    cp -L -- /etc/resolv.conf "$TREE/etc/resolv.conf"
    if [ -n "$ca" ]; then
        install -m 644 -- "$ca" "$TREE/etc/check-ca.crt"
        printf '[global]\ncert = /etc/check-ca.crt\ntimeout = 120\n' >"$TREE/etc/pip.conf"
    fi
    chroot "$TREE" useradd --create-home --shell /bin/bash taro
    printf 'taro ALL=(ALL) NOPASSWD: ALL\n' >"$TREE/etc/sudoers.d/taro"
}

# Run the story $1 in the booted tree, with the network $2: shared with this machine, or none.
boot() {
    local hierarchy options=()
    [ "$2" = shared ] || options=(--private-network)
    ln -sfn /lib/systemd/system/multi-user.target "$TREE/etc/systemd/system/default.target"
    cat >"$TREE/etc/systemd/system/check.service" <<EOF
[Unit]
After=multi-user.target
[Service]
Type=exec
Environment=LANG=C.UTF-8
ExecStart=/bin/bash /check/run.sh $1
ExecStopPost=/bin/systemctl --no-block exit 0
StandardOutput=append:/check/output
StandardError=inherit
EOF
    mkdir -p -- "$TREE/etc/systemd/system/multi-user.target.wants"
    ln -sf /etc/systemd/system/check.service "$TREE/etc/systemd/system/multi-user.target.wants/"
    hierarchy=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
    [ -n "$hierarchy" ] || die "no cgroup2 hierarchy is mounted here"
    CGROUP=$hierarchy/check-install.$$
    mkdir -p -- "$CGROUP"
    : >"$TREE/check/output"
    # in namespaces of its own, so that nothing of it is left however this ends
    # shellcheck disable=SC2016 # for the bash in there
    SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1 SYSTEMD_NSPAWN_LOCK=0 bash -c 'echo $$ >"$0/cgroup.procs"; exec "$@"' "$CGROUP" \
        unshare --mount --cgroup --pid --fork --kill-child --mount-proc --propagation private bash -c '
            umount -R /sys/fs/cgroup 2>/dev/null || umount -l /sys/fs/cgroup
            mount -t cgroup2 cgroup2 /sys/fs/cgroup
            mkdir -p /run/systemd && mount -t tmpfs tmpfs /run/systemd
            exec timeout --kill-after=10 2400 systemd-nspawn "$@"' bash \
        --quiet --register=no --keep-unit "--directory=$TREE" --boot --console=pipe --machine=check-install --resolv-conf=off \
        --timezone=off --link-journal=no --kill-signal=SIGRTMIN+3 "${options[@]}" </dev/null >"$DIR/$RELEASE-$1.console" 2>&1 &
    CHILD=$!
    # in the background: while bash waits for something in the foreground a signal would wait too
    tail --pid="$CHILD" -n +1 -f -- "$TREE/check/output" | tee -- "$DIR/$RELEASE-$1.log" &
    wait "$CHILD" || true
    CHILD=''
    wait
    [ "$(cat -- "$TREE/check/status" 2>/dev/null)" = 0 ]
}

# Run the story $1 in the tree without systemd.
enter() {
    # shellcheck disable=SC2016 # for the bash in there
    unshare --mount --pid --fork --kill-child --propagation private bash -c '
        mount -t proc proc "$0/proc" && mount --rbind /sys "$0/sys" && mount --rbind /dev "$0/dev"
        exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 chroot "$0" /bin/bash /check/run.sh "$1"' "$TREE" "$1" \
        2>&1 | tee -- "$DIR/$RELEASE-$1.log"
    [ "$(cat -- "$TREE/check/status" 2>/dev/null)" = 0 ]
}
