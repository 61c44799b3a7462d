# shellcheck shell=bash
# The service: config, unit, commands, starting and stopping, taking it all away. Sourced after lib.sh, not run.

CONFIG_DIR=/etc/$NAME
STATE_DIR=/var/lib/$NAME
CACHE_DIR=/var/cache/$NAME
UNIT=$NAME.service
UNIT_FILE=/etc/systemd/system/$UNIT
COMMAND=/usr/local/bin/$NAME
SHARE=/usr/local/share

# --- config ---------------------------------------------------------------------------------------------------------

# The example, complete and commented, where there is none yet. Addresses in it may be secret: it is for the group alone.
set_up_config() {
    CONFIG_DIR_WAS=$(stat -c '%u:%g %a' -- "$CONFIG_DIR" 2>/dev/null || true)
    undo_with undo_config_dir
    mkdir -p -- "$CONFIG_DIR"
    chown "root:$ACCOUNT" "$CONFIG_DIR"
    chmod 750 "$CONFIG_DIR"
    if [ -e "$CONFIG_DIR/config.yaml" ]; then
        say "$CONFIG_DIR/config.yaml stays as it is."
        return
    fi
    say "Writing $CONFIG_DIR/config.yaml."
    undo_with undo_config
    install -m 640 -o root -g "$ACCOUNT" -- "$ROOT/config.example.yaml" "$CONFIG_DIR/config.yaml"
}
# shellcheck disable=SC2317
undo_config() { rm -f -- "$CONFIG_DIR/config.yaml"; }
# shellcheck disable=SC2317
undo_config_dir() {
    if [ -z "$CONFIG_DIR_WAS" ]; then
        rmdir --ignore-fail-on-non-empty -- "$CONFIG_DIR" 2>/dev/null || true
    else
        chown "${CONFIG_DIR_WAS% *}" "$CONFIG_DIR"
        chmod "${CONFIG_DIR_WAS#* }" "$CONFIG_DIR"
    fi
}

# Whether the new version takes the config, asked as the service's user and before anything is switched.
check_config() {
    local told
    told=$(runuser -u "$ACCOUNT" -- env "STATE_DIRECTORY=$STATE_DIR" "$VERSION/bin/$NAME" check-config \
        --config "$CONFIG_DIR/config.yaml" 2>&1) || {
        say "$told"
        die "this version does not take $CONFIG_DIR/config.yaml. Mend it and run this again; nothing was changed."
    }
    grep '^warning:' <<<"$told" >&2 || true
}

# --- switching ------------------------------------------------------------------------------------------------------

# Whether it runs, or is about to again. What was killed for hanging is neither for a moment.
running() {
    local state waited
    booted || return 1
    for ((waited = 0; waited < 60; waited++)); do
        state=$(systemctl is-active "$UNIT" || true)
        [ "$state" = deactivating ] || break
        sleep 0.5
    done
    # failed: for ever, as where a stop took too long; what is tried again is `activating`
    case $state in inactive | failed | unknown) return 1 ;; esac
}

disabled() { [ "$(systemctl is-enabled "$UNIT" 2>/dev/null || true)" = disabled ]; }

# Make the version in the folder $1 the one that counts, and $2 (perhaps none) the one before it. What somebody has stopped
# or disabled stays so, whatever becomes of this. But what lies there `unfinished`, as by a power cut in the midst of the first
# installation, nobody has stopped.
switch_to() {
    WAS_CURRENT=$(linked current) WAS_PREVIOUS=$(linked previous) STOPPED='' DISABLED=''
    if [ -n "$WAS_CURRENT" ] && [ ! -e "$PREFIX/unfinished" ]; then
        running || STOPPED=yes
        ! disabled || DISABLED=yes
    fi
    STATE_WAS='' CACHE_WAS=''
    [ ! -e "$STATE_DIR" ] || STATE_WAS=there
    [ ! -e "$CACHE_DIR" ] || CACHE_WAS=there
    say "Switching to $1."
    undo_with undo_switch
    [ -n "$WAS_CURRENT" ] || : >"$PREFIX/unfinished"
    link_to previous "$2"
    link_to current "$1"
    set_up_service
}
# shellcheck disable=SC2317
undo_switch() {
    link_to previous "$WAS_PREVIOUS"
    link_to current "$WAS_CURRENT"
    if [ -z "$WAS_CURRENT" ]; then
        rm -f -- "$PREFIX/unfinished"
        take_service_away
        # made by its first start, for a user that goes away too
        [ -n "$STATE_WAS" ] || rm -rf -- "$STATE_DIR"
        [ -n "$CACHE_WAS" ] || rm -rf -- "$CACHE_DIR"
        return
    fi
    set_up_service
    if booted && [ -z "$STOPPED" ]; then
        systemctl restart "$UNIT" && say "The version before is running again."
    fi
}

# All is well: from here on nothing is put back.
keep() {
    # shellcheck disable=SC2034 # system.sh's
    UNDO=()
    rm -f -- "$PREFIX/unfinished"
}

# Unit, command, completion and manual of the current version.
set_up_service() {
    install -D -m 644 -- "$PREFIX/current/share/$NAME/systemd/$UNIT" "$UNIT_FILE"
    ln -sfn -- "$PREFIX/current/bin/$NAME" "$COMMAND"
    printed "$SHARE/bash-completion/completions/$NAME" completion bash
    printed "$SHARE/zsh/site-functions/_$NAME" completion zsh
    printed "$SHARE/fish/vendor_completions.d/$NAME.fish" completion fish
    printed "$SHARE/man/man1/$NAME.1" man
    # as in make_version: a unit that a power cut has left empty would start nothing any more
    sync --file-system -- "$UNIT_FILE"
    if booted; then
        systemctl daemon-reload
    fi
}

# What the command prints, as the file $1; none where this version does not know that.
printed() {
    if "$COMMAND" "${@:2}" >"$SCRATCH/printed" 2>/dev/null && [ -s "$SCRATCH/printed" ]; then
        install -D -m 644 -- "$SCRATCH/printed" "$1"
    else
        rm -f -- "$1"
    fi
}

# Enable the unit, and (re)start it where $1 is not empty; but see switch_to. Returns when it is ready.
start_service() {
    if ! command -v systemctl >/dev/null; then
        say "There is no systemd here, so nothing starts the service: $COMMAND run"
        return
    fi
    if [ -n "$DISABLED" ]; then
        say "It was disabled, and stays so: systemctl enable $NAME has it start with the machine."
    else
        systemctl enable --quiet "$UNIT" || die "systemctl could not enable $UNIT"
    fi
    if booted && [ -n "$STOPPED" ]; then
        say "It was stopped, and stays so: systemctl start $NAME"
        return
    fi
    if ! booted; then
        say "systemd is not running here: the service starts with the machine."
        return
    fi
    if [ -z "$1" ]; then
        say "Not started: it starts with the machine, or with systemctl start $NAME."
        return
    fi
    say "Starting the service."
    # a time out of its own: where a start fails systemd tries again for ever
    if ! timeout --foreground 180 systemctl restart "$UNIT" || ! answers; then
        say "The end of its log:"
        journalctl --unit "$UNIT" --lines 20 --no-pager --output cat >&2 || true
        die "the service does not start"
    fi
}

# Whether commands reach it; also where it lives on without them and has logged why: that is the config's, and told.
answers() {
    local told why
    ! told=$(timeout --foreground 30 "$COMMAND" queue --config "$CONFIG_DIR/config.yaml" 2>&1 >/dev/null) || return 0
    why=$(journalctl --output cat "_SYSTEMD_INVOCATION_ID=$(systemctl show --property InvocationID --value "$UNIT")" |
        grep -m 1 -o 'no control socket at .*') || true
    if [ -z "$why" ] || ! running; then
        say "$told"
        return 1
    fi
    say "warning: it runs, and no command reaches it: $why. Mend control.socket in $CONFIG_DIR/config.yaml, then: sudo systemctl restart $NAME"
}

tell_next_steps() {
    booted && [ -n "$start" ] && [ -z "$STOPPED" ] || return 0
    cat >&2 <<EOF

    $NAME say 'こんにちは。準備ができました。'    # with sudo until you have logged in anew
    sudo $NAME devices                             # which sound devices there are
    sudo nano $CONFIG_DIR/config.yaml
    sudo $NAME check-config && sudo systemctl reload $NAME
    journalctl -fu $NAME                           # what it logs
EOF
}

# --- the end --------------------------------------------------------------------------------------------------------

take_service_away() {
    if booted; then
        systemctl disable --now --quiet "$UNIT" 2>/dev/null || true
    else
        systemctl disable --quiet "$UNIT" 2>/dev/null || true
    fi
    rm -f -- "$UNIT_FILE" "$COMMAND" "$SHARE/bash-completion/completions/$NAME" "$SHARE/zsh/site-functions/_$NAME" \
        "$SHARE/fish/vendor_completions.d/$NAME.fish" "$SHARE/man/man1/$NAME.1"
    if booted; then
        systemctl daemon-reload
        systemctl reset-failed "$UNIT" 2>/dev/null || true
    fi
}

# What the config names outside of the folders that --purge takes away, a line each; asked before anything goes away.
kept_elsewhere() {
    local told path last=$STATE_DIR
    [ -e "$CONFIG_DIR/config.yaml" ] || return 0
    told=$(env "STATE_DIRECTORY=$STATE_DIR" "CACHE_DIRECTORY=$CACHE_DIR" "$COMMAND" check-config \
        --config "$CONFIG_DIR/config.yaml" 2>/dev/null) || {
        say "warning: $CONFIG_DIR/config.yaml cannot be read: look into it for folders of its own, which stay."
        return 0
    }
    while read -r path; do
        case $path/ in "$PREFIX"/* | "$CONFIG_DIR"/* | "$STATE_DIR"/* | "$CACHE_DIR"/* | "$last"/*) continue ;; esac
        [ ! -e "$path" ] || printf '%s\n' "$path"
        last=$path
    done < <(LC_ALL=C sed -nE 's,^(state|dictionary|voices|prepared voices|rendered speech) (/.*),\2,p' <<<"$told" | LC_ALL=C sort -u)
}

# Take it all away; with $1 not empty what belongs to the house too.
uninstall() {
    local elsewhere=''
    [ -z "$1" ] || elsewhere=$(kept_elsewhere)
    say "Stopping the service and taking it away."
    take_service_away
    # a folder that is a disk of its own is emptied, and rm says that it stays
    rm -rf -- "$PREFIX" || true
    if [ -n "$1" ]; then
        say "Taking away config, state and user."
        rm -rf -- "$CONFIG_DIR" "$STATE_DIR" "$CACHE_DIR" "$UNIT_FILE.d" || true
        remove_account
        if [ -e "$BROKER_CONFIG" ]; then
            rm -f -- "$BROKER_CONFIG"
            say "mosquitto stays, with its own settings again from its next start."
        fi
        [ -z "$elsewhere" ] || say "What the config named elsewhere stays; take it away where nothing else uses it:
$elsewhere"
    else
        say "$CONFIG_DIR, $STATE_DIR, $CACHE_DIR and the user $ACCOUNT stay; --uninstall --purge takes them away too."
    fi
    say "Packages of the system stay: others may use them by now. Those for building are: ${BUILD_PACKAGES[*]}"
}
