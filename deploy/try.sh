#!/usr/bin/env bash
set -euo pipefail

usage() {
    cat <<'EOF'
usage: deploy/try.sh [--once SENTENCE] [--broker HOST[:PORT]] [--device SPEC]

Installs what is missing (apt packages, .venv in this folder), starts hayakoe-daemon with a broker of its own, says a
greeting over MQTT, shows how to say your own sentence, and stays until Ctrl-C. A second run takes seconds.

  --once SENTENCE       say this and exit: 0 when all of it was heard (or written), 1 when not
  --broker HOST[:PORT]  use this MQTT broker instead of starting one
  --device SPEC         where the sound goes: hw:CARD=ID,DEV=n, a name that `.venv/bin/hayakoe-daemon devices` shows,
                        or wav:FOLDER for files. Default: the default device; without one, wav:.try/heard
  --help                show this

Everything it writes is in .venv and .try; delete them and nothing is left but the apt packages.
EOF
}

bad_usage() {
    printf 'deploy/try.sh: %s\n\n' "$1" >&2
    usage >&2
    exit 2
}

sentence='' broker='' device='' greeting='こんにちは。準備ができました。'
while [ $# -gt 0 ]; do
    case $1 in
    -h | --help)
        usage
        exit
        ;;
    --once | --broker | --device)
        [ -n "${2:-}" ] || bad_usage "$1 needs a value"
        case $1 in
        --once) sentence=$2 ;;
        --broker) broker=$2 ;;
        --device) device=$2 ;;
        esac
        shift 2
        ;;
    *) bad_usage "there is no option $1" ;;
    esac
done
[[ $broker != *: ]] || bad_usage "--broker is HOST or HOST:PORT"
# from where one stands, and not from the config that is written
[[ $device != wav:* ]] || device=wav:$(realpath -sm -- "${device#wav:}")
case ${broker##*:} in
*[!0-9]*) host=$broker port=1883 ;;
'') host=127.0.0.1 port='' ;;
*) host=${broker%:*} port=${broker##*:} ;;
esac

# shellcheck source=deploy/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"
exec </dev/null
cd -- "$ROOT"

TRY=$ROOT/.try
BASE=hayakoe/try
MESSAGES=$TRY/messages
CHILDREN=()

# --- parts ----------------------------------------------------------------------------------------------------------

python() { "$VENV/bin/python" -E -S -X utf8 "$@"; }

# A word as JSON, which is YAML too.
quoted() { python -c 'import json, sys; print(json.dumps(sys.argv[1]))' "$1"; }

alive() { kill -0 "$1" 2>/dev/null; }

# Stop what was started, the last one first. (shellcheck does not see that on_exit calls it.)
# shellcheck disable=SC2317
stop_children() {
    local index pid waited
    for ((index = ${#CHILDREN[@]} - 1; index >= 0; index--)); do
        pid=${CHILDREN[index]}
        kill -TERM "$pid" 2>/dev/null || continue
        for ((waited = 0; waited < 80; waited++)); do
            alive "$pid" || break
            sleep 0.1
        done
        kill -KILL "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    done
}

# Say why it went wrong, with the end of the daemon's log, and give up.
give_up() {
    say ""
    say "The end of .try/daemon.log:"
    tail -n 20 -- "$TRY/daemon.log" >&2 || true
    say ""
    die "$1"
}

start_broker() {
    local attempt
    for attempt in 1 2 3; do
        port=$(python -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
        # without a configuration file mosquitto listens on the loopback only, keeps nothing and asks for no password
        mosquitto -p "$port" >"$TRY/mosquitto.log" 2>&1 &
        CHILDREN+=($!)
        if broker_answers; then
            return
        fi
        say "mosquitto did not start on port $port (attempt $attempt)."
    done
    tail -n 5 -- "$TRY/mosquitto.log" >&2
    die "mosquitto does not start"
}

broker_answers() {
    local waited
    for ((waited = 0; waited < 50; waited++)); do
        if (exec 3<>"/dev/tcp/$host/$port") 2>/dev/null; then
            return
        fi
        alive "${CHILDREN[-1]}" || return 1
        sleep 0.1
    done
    return 1
}

# The control socket: the name of a Unix socket has room for about 107 bytes.
socket_path() {
    local path=$TRY/control.sock
    if [ "$(printf %s "$path" | wc -c)" -gt 100 ]; then
        SHORT=$(mktemp -d /tmp/hayakoe-try.XXXXXX)
        on_exit remove_short
        path=$SHORT/control.sock
    fi
    SOCKET=$path
}
# shellcheck disable=SC2317
remove_short() { rm -rf -- "$SHORT"; }

write_config() {
    {
        printf '# Written by deploy/try.sh, anew at each run.\nnode: try\ntitle: deploy/try.sh\n'
        printf 'state_dir: %s\n' "$(quoted "$TRY/state")"
        printf 'mqtt:\n  host: %s\n  port: %s\n' "$(quoted "$host")" "$port"
        printf 'control:\n  socket: %s\n' "$(quoted "$SOCKET")"
        printf 'audio:\n  device: %s\n' "$(quoted "${device:-default}")"
        printf 'speech:\n  voice: embedded\n'
    } >"$TRY/config.yaml"
}

# Where there is no sound device to be had, into files.
choose_device() {
    if [ -z "$device" ]; then
        device=default
        write_config
        if "$VENV/bin/hayakoe-daemon" devices --config "$TRY/config.yaml" >"$TRY/devices" 2>"$TRY/devices.log"; then
            return
        fi
        if [ -s "$TRY/devices" ]; then
            say "There is no sound device here."
        else
            say "The sound devices could not be listed: $(tail -n 1 -- "$TRY/devices.log")"
        fi
        device=wav:$TRY/heard
        say "What would be heard is written as WAV files to $TRY/heard"
    fi
    case $device in
    wav:*) mkdir -p -- "${device#wav:}" ;;
    esac
}

start_daemon() {
    : >"$MESSAGES"
    mosquitto_sub -h "$host" -p "$port" -q 1 -t "$BASE/status" -t "$BASE/event" -t "$BASE/error" -F '%t %p' \
        >>"$MESSAGES" 2>"$TRY/mosquitto_sub.log" &
    CHILDREN+=($!)
    : >"$TRY/daemon.log"
    "$VENV/bin/hayakoe-daemon" run --config "$TRY/config.yaml" >>"$TRY/daemon.log" 2>&1 &
    DAEMON=$!
    CHILDREN+=("$DAEMON")
}

wait_until_online() {
    local until=$((SECONDS + 60))
    until tail -n 100 -- "$MESSAGES" | grep "^$BASE/status " | tail -n 1 | grep -qw online; do
        alive "$DAEMON" || give_up "the daemon has ended"
        if [ $SECONDS -ge $until ]; then
            cat -- "$TRY/mosquitto_sub.log" >&2
            give_up "the daemon was not online at the broker $host:$port within 60 s"
        fi
        sleep 0.1
    done
}

# Publish a sentence and wait for what becomes of it: `OUTCOME` is the last event's type, with its note.
say_over_mqtt() {
    local text=$1 id message until seen=-1 size
    # never one that was used before: the daemon remembers ids, and in a container each run has the same process id
    id=try-$(date +%s%N)
    message=$(python -c 'import json, sys; print(json.dumps({"text": sys.argv[1], "id": sys.argv[2]}, ensure_ascii=False))' \
        "$text" "$id") || die "the sentence is not UTF-8 text"
    until=$((SECONDS + 60 + ${#text}))
    mosquitto_pub -h "$host" -p "$port" -q 1 -t "$BASE/say" -m "$message" || give_up "the broker did not take the message"
    OUTCOME=
    while [ -z "$OUTCOME" ]; do
        size=$(wc -c <"$MESSAGES")
        if [ "$size" -ne "$seen" ]; then
            seen=$size
            OUTCOME=$(python "$ROOT/deploy/outcome.py" "$MESSAGES" "$id")
            continue
        fi
        alive "$DAEMON" || give_up "the daemon has ended before everything was said"
        [ $SECONDS -lt $until ] || give_up "the sentence was not finished in time"
        sleep 0.1
    done
    case $OUTCOME in
    finished*) ;;
    *) give_up "the sentence was not said: $OUTCOME" ;;
    esac
}

tell_files() {
    case $device in
    wav:*) find "${device#wav:}" -name '*.wav' -newer "$TRY/config.yaml" -exec printf 'Written: %s\n' {} + ;;
    esac
}

# --- the whole ------------------------------------------------------------------------------------------------------

packages=(gcc libc6-dev pkg-config libsystemd-dev libportaudio2 mosquitto-clients)
[ -n "$broker" ] || packages+=(mosquitto)
set_up_system "${packages[@]}"
set_up_venv run

mkdir -p -- "$TRY"
exec 9>"$TRY/lock"
flock -n 9 || die "deploy/try.sh is already running in this clone, or its daemon is: see pgrep -af .try/config.yaml"

on_exit stop_children
socket_path
[ -n "$broker" ] || start_broker
choose_device
write_config
start_daemon
say "Starting the daemon (its log: .try/daemon.log)."
wait_until_online

if [ -n "$sentence" ]; then
    say_over_mqtt "$sentence"
    say "Said ($OUTCOME): $sentence"
    tell_files
    exit 0
fi

say_over_mqtt "$greeting"
tell_files
address="-p $port"
# mosquitto_pub asks localhost where it is not told otherwise, and a bare container may not know that name
if [ "$host" != 127.0.0.1 ] || ! getent hosts localhost >/dev/null; then
    address="-h $host $address"
fi
cat <<EOF

That was: $greeting
Now your own sentence, from another terminal:

    mosquitto_pub $address -q 1 -t $BASE/say -m 'こんにちは'

Ctrl-C ends this. What the daemon logs:

EOF
tail -n 0 -f -- "$TRY/daemon.log" &
CHILDREN+=($!)
trap 'say ""; say "Stopping."; exit 0' INT
wait "$DAEMON" || true
give_up "the daemon has ended"
