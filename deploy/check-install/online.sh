# shellcheck shell=bash
# The story `online`; see run.sh, which sources it.
# shellcheck disable=SC2154 # from run.sh

INSTALL=$CLONE/deploy/install.sh
ARCHIVE=/home/taro/archive

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
left_alone() { [ "$(md5sum <"$CONFIG")" = "$CONFIG_SUM" ]; }
bump() { sed -i "s/^\(version\|__version__\) = \".*\"/\1 = \"$2\"/" "$1/pyproject.toml" "$1/hayakoe_daemon/__init__.py"; }
previous_is() { [ "$("/opt/$SERVICE/previous/bin/$SERVICE" --version)" = "$1" ]; }
killed() { systemctl kill --kill-whom=main --signal=KILL "$SERVICE"; }
restarted() { [ "$(systemctl show "$SERVICE" -p NRestarts --value)" = 1 ] && active; }
silent() { [ -z "$("$@" 2>&1)" ]; }
volume_is_40() { as_taro "mosquitto_sub -t hayakoe/home/state -C 1 -W 5" | grep -q '"volume": 40'; }

holds "interrupted while it installs" fails interrupted
holds "nothing of it is left" nothing_left
echo "--    install from a clone"
holds "install from a clone, with sudo" install_as_taro "$INSTALL --with-broker"
give_back_soon
FIRST=$(version)
holds "it runs" active
holds "it starts with the machine" systemctl is-enabled "$SERVICE"
holds "a sentence over MQTT is heard" say_over_mqtt "洗濯が終わりました。"
holds "the installing user may use the commands" as_taro "$SERVICE say --wait 'お風呂が沸きました。'"
holds "hardened to 2.5 at most" systemd-analyze security --threshold=25 "$SERVICE"
echo "      $(systemd-analyze security "$SERVICE" | tail -n 1)"
holds "verify is silent" silent systemd-analyze verify "/etc/systemd/system/$SERVICE.service"
holds "killed" killed
holds "it is there again" eventually restarted
holds "and speaks" say_over_mqtt "また話せます。"

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
prepared() { find "/var/lib/$SERVICE/prepared" -name manifest.json | grep -q tiny; }
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
CONFIG_SUM=$(md5sum <"$CONFIG")

echo "--    upgrade from the archive"
holds "volume 40" eventually as_taro "$SERVICE set volume 40"
bump "$ARCHIVE" 9.9.1
holds "upgrade" install_as_taro "$ARCHIVE/deploy/install.sh"
holds "the new version runs" active
holds "it is the new version" [ "$(version)" = "$SERVICE 9.9.1" ]
holds "the one before is kept" previous_is "$FIRST"
holds "the config is left alone" left_alone
holds "what was set is still set" eventually volume_is_40
holds "a sentence over MQTT is heard" say_over_mqtt "新しくなりました。"

echo "--    an upgrade that does not start"
cp -a "$ARCHIVE" /home/taro/broken
bump /home/taro/broken 9.9.2
sed -i 's|^ExecStart=.*|ExecStart=/bin/false|' "/home/taro/broken/systemd/$SERVICE.service"
holds "it fails" fails install_as_taro /home/taro/broken/deploy/install.sh
holds "the version before runs" active
holds "it is that version" [ "$(version)" = "$SERVICE 9.9.1" ]
holds "the one before that is kept" previous_is "$FIRST"
holds "no third one is left" [ "$(find "/opt/$SERVICE/versions" -mindepth 1 -maxdepth 1 | wc -l)" = 2 ]
holds "a sentence over MQTT is heard" say_over_mqtt "変わりありません。"

echo "--    rollback"
holds "rollback, without the clone" install_as_taro "sudo /opt/$SERVICE/current/share/$SERVICE/deploy/install.sh --rollback"
holds "the version before runs" active
holds "it is that version" [ "$(version)" = "$FIRST" ]
holds "a sentence over MQTT is heard" say_over_mqtt "元に戻りました。"

echo "--    bundle"
holds "a folder for machines without a network" install_as_taro "$CLONE/deploy/bundle.sh /home/taro/bundle"
echo "      $(du -sm /home/taro/bundle | cut -f 1) MB: $(du -sm /home/taro/bundle/wheels | cut -f 1) wheels, $(du -sm /home/taro/bundle/debs | cut -f 1) debs"

echo "--    uninstall"
holds "uninstall" install_as_taro "$INSTALL --uninstall"
holds "it does not run" fails active
holds "config and state stay" ls "$CONFIG" "/var/lib/$SERVICE/overrides.json"
holds "the rest is gone" program_gone
holds "uninstall --purge" install_as_taro "$INSTALL --uninstall --purge"
holds "all is gone" nothing_left
holds "the state too" gone "/var/lib/$SERVICE" "/var/cache/$SERVICE"
