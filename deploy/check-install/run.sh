#!/usr/bin/env bash
# shellcheck disable=SC2317 # `holds` calls them
set -uo pipefail

usage() {
    cat <<'EOF'
usage: deploy/check-install/run.sh STORY | --help

What deploy/check-install.sh runs inside its container: one story (online, upgrade, offline, try), line by line; the first
thing that does not hold ends it. It changes the machine that it runs on, which goes away afterwards: nowhere else does it
do anything.
EOF
}

case "$#:${1:-}" in
1:-h | 1:--help)
    usage
    exit
    ;;
1:online | 1:upgrade | 1:offline | 1:try) ;;
*)
    usage >&2
    exit 2
    ;;
esac
if [ "$(realpath -- "${BASH_SOURCE[0]}")" != /check/run.sh ]; then
    echo "error: this is for the container of deploy/check-install.sh alone; run that" >&2
    exit 1
fi
cd /

SERVICE=hayakoe-daemon
CONFIG=/etc/$SERVICE/config.yaml
HEARD=/var/lib/$SERVICE/heard.wav
CLONE=/home/taro/hayakoe-daemon

finish() {
    echo "$1" >/check/status
    exit "$1"
}

# holds WHAT COMMAND...: the command must do
holds() {
    local told
    if told=$("${@:2}" 2>&1); then
        echo "ok    $1$(sed -n 's/^took /: /p' <<<"$told")"
    else
        printf 'FAILS %s: %s\n%s\n' "$1" "${*:2}" "$told"
        journalctl --no-pager -n 60 2>/dev/null
        finish 1
    fi
}
fails() { ! "$@"; }
as_taro() { runuser -l taro -c "$*"; }
active() { [ "$(systemctl is-active "$SERVICE")" = active ]; }
version() { "$SERVICE" --version; }
used() { du --summarize --one-file-system --block-size=1000000 / 2>/dev/null | cut -f 1; }

# eventually COMMAND...: within 30 s, or as many as PATIENCE says
eventually() {
    local until=$((SECONDS + ${PATIENCE:-30}))
    until "$@"; do
        [ "$SECONDS" -lt "$until" ] || return 1
        sleep 0.2
    done
}

# install_as_taro ARGUMENT...: with the time and the room it takes
install_as_taro() {
    local began=$SECONDS before
    before=$(used)
    as_taro "$@" || return
    echo "took $((SECONDS - began)) s, $(($(used) - before)) MB"
}

# say_over_mqtt TEXT OPTION...: publish, wait for its end, and hear it
say_over_mqtt() {
    local id=check-$RANDOM$RANDOM text=$1
    shift
    eventually card_closed || return
    rm -f -- "$HEARD"
    mosquitto_sub "$@" -t hayakoe/home/event -q 1 -W 60 >/check/events &
    eventually mosquitto_pub "$@" -q 1 -t hayakoe/home/say -m "{\"text\": \"$text\", \"id\": \"$id\"}" || return
    eventually grep -q "\"finished\".*$id" /check/events || { cat /check/events; return 1; }
    kill %% 2>/dev/null
    eventually card_closed && python3 /check/heard.py "$HEARD"
}
card_closed() { [ -z "$(find /proc/[0-9]*/fd -lname "$HEARD" 2>/dev/null)" ]; }
online() { [ "$(mosquitto_sub "$@" -t hayakoe/home/status -C 1 -W 5)" = online ]; }
eventually_online() { eventually online "$@"; }

# As short as can be: a card is given back after each sentence, and what was heard is whole then.
give_back_soon() { sed -i 's/^  idle_close: 10 s/  idle_close: 100 ms/' "$CONFIG" && systemctl reload "$SERVICE"; }

# The sound card: what it gets is written down. Through libasound and PortAudio, as with a real one.
set_up_sound() {
    cat >/etc/asound.conf <<EOF
pcm.!default {
    type file
    slave.pcm null
    file $HEARD
    format wav
}
ctl.!default { type hw card 0 }
EOF
}

# nothing of an installation that did not come to its end
nothing_left() {
    program_gone && gone "/etc/$SERVICE" "/etc/systemd/system/$SERVICE.service" && ! getent passwd hayakoe && ! getent group hayakoe
}
program_gone() { gone "/opt/$SERVICE" "/usr/local/bin/$SERVICE"; }
gone() {
    local path
    for path in "$@"; do
        [ ! -e "$path" ] || return 1
    done
}

# as somebody has it who lets nobody in
chown -R taro: /home/taro
chmod 700 /home/taro
set_up_sound
case $1 in
online)
    # shellcheck source=deploy/check-install/online.sh
    . /check/online.sh
    ;;
upgrade)
    # shellcheck source=deploy/check-install/upgrade.sh
    . /check/upgrade.sh
    ;;
offline)
    # shellcheck source=deploy/check-install/offline.sh
    . /check/offline.sh
    ;;
try)
    # shellcheck source=deploy/check-install/try.sh
    . /check/try.sh
    ;;
esac
finish 0
