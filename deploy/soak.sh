#!/usr/bin/env bash
set -euo pipefail

usage() {
    cat <<'USAGE'
usage: deploy/soak.sh [OPTION...]

Lives through 30 days of a household in the time that its announcements, alarms and faults take, and accounts for all of
them: python -m tests.soak in .venv, which is made where it is missing. Ctrl-C ends it with the day that it is. Exit
status 1 where anything is wrong.

  --days N          simulated days (30)
  --seed N          the same seed is the same life, but for its timing (1)
  --says N          announcements on a usual day (20)
  --faults N        faults a day (5)
  --card-every N    a card that plays in real time on each N-th day, else null: (4; 0 for never)
  --calm A-B        on these days, the first is 1, the daemon is not killed, so that its memory can be watched
  --voice           a small neural voice speaks, prepared and cached
  --json FILE       write all figures there
  --keep FOLDER     live in this folder and keep it, with the logs of daemon and broker
  --help            show this

As root the state folder lies on a small disk of its own (tmpfs), which is filled up on purpose; else that fault is left
out. Nothing outside the folder is touched.
USAGE
}

bad_usage() {
    printf 'deploy/soak.sh: %s\n\n' "$1" >&2
    usage >&2
    exit 2
}

# Looked at here already: by the time python sees them, packages have been installed. Paths are from where one stands.
given=()
while [ $# -gt 0 ]; do
    option=$1 value=${2:-}
    case $option in
    -h | --help)
        usage
        exit
        ;;
    --voice)
        given+=("$option")
        shift
        continue
        ;;
    --days) [[ $value =~ ^0*[1-9][0-9]*$ ]] || bad_usage "$option needs a number of days" ;;
    --seed | --says | --card-every) [[ $value =~ ^[0-9]+$ ]] || bad_usage "$option needs a number" ;;
    --faults) [[ $value =~ ^[0-9]+(\.[0-9]+)?$ ]] || bad_usage "$option needs a number" ;;
    --calm)
        [[ $value =~ ^[1-9][0-9]*(-[1-9][0-9]*)?$ ]] || bad_usage "$option needs days, such as 4-7"
        ((${value%-*} <= ${value#*-})) || bad_usage "$option needs days, such as 4-7"
        ;;
    --json | --keep)
        [ -n "$value" ] || bad_usage "$option needs a path"
        value=$(realpath -s -- "$value")
        [ -d "$(dirname -- "$value")" ] || bad_usage "$option: there is no folder $(dirname -- "$value")"
        [ "$option" = --json ] || [ -z "$(ls -A -- "$value" 2>/dev/null)" ] || bad_usage "$option: $value is not empty"
        ;;
    *) bad_usage "there is no option $option" ;;
    esac
    given+=("$option" "$value")
    shift 2
done

# shellcheck source=deploy/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"
exec </dev/null
cd -- "$ROOT"

set_up_system gcc g++ libc6-dev pkg-config libsystemd-dev libportaudio2 libasound2-dev mosquitto
set_up_venv dev
exec .venv/bin/python -m tests.soak "${given[@]}"
