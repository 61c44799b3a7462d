# shellcheck shell=bash
# The story `online`; see run.sh, which sources it.
# shellcheck disable=SC2154 # from run.sh

INSTALL=$CLONE/deploy/install.sh

# Ended in the midst of the Python packages. (Ctrl-C does the same; but a script's children in the background ignore it.)
interrupted() {
    local pid
    setsid "$INSTALL" &
    pid=$!
    until compgen -G "/opt/$SERVICE/versions/*/bin/pip" >/dev/null; do
        kill -0 "$pid" || return 0
        sleep 0.1
    done
    kill -TERM -- "-$pid"
    wait "$pid"
}
killed() { systemctl kill --kill-whom=main --signal=KILL "$SERVICE"; }
restarted() { [ "$(systemctl show "$SERVICE" -p NRestarts --value)" = 1 ] && active; }
silent() { [ -z "$("$@" 2>&1)" ]; }

# warnings there may be: a container sets no clock
no_failure() { "$SERVICE" doctor >/check/doctor 2>&1 || [ $? = 1 ] || { cat /check/doctor; return 1; }; }

groupadd hayakoe
holds "interrupted while it installs" fails interrupted
holds "a group that was there before stays" groupdel hayakoe
holds "nothing else of it is left" nothing_left
echo "--    install from a clone"
holds "install from a clone, with sudo" install_as_taro "$INSTALL --with-broker"
give_back_soon
holds "it runs" active
holds "it starts with the machine" systemctl is-enabled "$SERVICE"
holds "a sentence over MQTT is heard" say_over_mqtt "洗濯が終わりました。"
holds "the installing user may use the commands" as_taro "$SERVICE say --wait 'お風呂が沸きました。'"
holds "the shell completes it, and it has a manual" ls "/usr/local/share/bash-completion/completions/$SERVICE" "/usr/local/share/man/man1/$SERVICE.1"
holds "doctor finds no failure" no_failure
holds "hardened to 2.5 at most" systemd-analyze security --threshold=25 "$SERVICE"
echo "      $(systemd-analyze security "$SERVICE" | tail -n 1)"
holds "verify is silent" silent systemd-analyze verify "/etc/systemd/system/$SERVICE.service"
holds "killed" killed
holds "it is there again" eventually restarted
holds "and speaks" say_over_mqtt "また話せます。"

echo "      /opt/$SERVICE: $(du -sm "/opt/$SERVICE" | cut -f 1) MB"

echo "--    a neural voice, within what the unit allows"
# The tests' tiny one, in the layout of HayaKoe.
make_voice() {
    local voice=/home/taro/voice/onnx/speakers/tiny bert=/home/taro/voice/onnx/bert/q8 tokenizer=/home/taro/voice/bert/tokenizer
    mkdir -p "$voice" "$bert" "$tokenizer" &&
        python3 -c 'import sys, tarfile; tarfile.open(sys.argv[1]).extractall(sys.argv[2])' \
            "$CLONE/tests/fixtures/tiny-voice.tar.xz" /check/voice &&
        mv /check/voice/{config.json,duration_predictor.onnx,style_vectors.npy,synthesizer.onnx} "$voice/" &&
        mv /check/voice/bert_q8.onnx "$bert/" && mv /check/voice/vocab.txt "$tokenizer/"
}
prepared() { find "/var/cache/$SERVICE" -name manifest.json | grep -q tiny; }
said_by_tiny() {
    local watcher
    mosquitto_sub -t hayakoe/home/event -W 20 >/check/events &
    watcher=$!
    "$SERVICE" say --wait --voice tiny 'これは試験です。' || return
    # the event follows the answer
    eventually grep -q '"finished"' /check/events
    kill "$watcher"
    grep -q '"finished".*"engine": "tiny"' /check/events
}
holds "made from what the tests have" make_voice
holds "added, with sudo" as_taro "sudo $SERVICE voices add /home/taro/voice"
holds "and is the service's own" silent find "/var/lib/$SERVICE" "/var/cache/$SERVICE" ! -user hayakoe
PATIENCE=300 holds "prepared by the service" eventually prepared
PATIENCE=120 holds "a sentence is said by it" eventually said_by_tiny

echo "--    a broker with a password"
mosquitto_passwd -b -c /etc/mosquitto/passwords house geheim >/dev/null 2>&1
chown mosquitto /etc/mosquitto/passwords
printf 'allow_anonymous false\npassword_file /etc/mosquitto/passwords\n' >/etc/mosquitto/conf.d/check.conf
(umask 077 && printf 'geheim\n' >"/etc/$SERVICE/mqtt-password")
sed -i 's/^  user: null/  user: house/; s/^  password_credential: null/  password_credential: mqtt-password/' "$CONFIG"
holds "broker and daemon start anew" systemctl restart mosquitto "$SERVICE"
holds "it is online with its password" eventually_online -u house -P geheim
holds "a sentence over MQTT is heard" say_over_mqtt "秘密の言葉です。" -u house -P geheim
sed -i 's/^  user: house/  user: null/; s/^  password_credential: .*/  password_credential: null/' "$CONFIG"
rm -f /etc/mosquitto/conf.d/check.conf
systemctl restart mosquitto "$SERVICE"

echo "--    bundle"
holds "a folder for machines without a network" install_as_taro "$CLONE/deploy/bundle.sh /home/taro/bundle"
echo "      $(du -sm /home/taro/bundle | cut -f 1) MB: $(du -sm /home/taro/bundle/wheels | cut -f 1) wheels, $(du -sm /home/taro/bundle/debs | cut -f 1) debs"

echo "--    uninstall"
holds "uninstall" install_as_taro "$INSTALL --uninstall"
holds "it does not run" fails active
holds "config and state stay" ls "$CONFIG" "/var/lib/$SERVICE/voices"
holds "the rest is gone" program_gone
holds "uninstall --purge" install_as_taro "$INSTALL --uninstall --purge"
holds "all is gone" nothing_left
holds "the state too" gone "/var/lib/$SERVICE" "/var/cache/$SERVICE"
