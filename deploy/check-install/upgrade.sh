# shellcheck shell=bash
# The story `upgrade`; see run.sh, which sources it.
# shellcheck disable=SC2154 # from run.sh

ARCHIVE="/home/taro/new archive"

left_alone() { [ "$(md5sum <"$CONFIG")" = "$CONFIG_SUM" ]; }
bump() { sed -i "s/^\(version\|__version__\) = \".*\"/\1 = \"$2\"/" "$1/pyproject.toml" "$1/hayakoe_daemon/__init__.py"; }
previous_is() { [ "$("/opt/$SERVICE/previous/bin/$SERVICE" --version)" = "$1" ]; }
volume_is_40() { as_taro "mosquitto_sub -t hayakoe/home/state -C 1 -W 5" | grep -q '"volume": 40'; }

echo "--    install from a clone"
holds "install from a clone" install_as_taro "$CLONE/deploy/install.sh --with-broker"
give_back_soon
FIRST=$(version)
CONFIG_SUM=$(md5sum <"$CONFIG")

echo "--    upgrade from the archive"
holds "volume 40" eventually as_taro "$SERVICE set volume 40"
bump "$ARCHIVE" 9.9.1
holds "upgrade" install_as_taro "'$ARCHIVE/deploy/install.sh'"
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

echo "--    a service that its owner has stopped and disabled"
stopped() { [ "$(systemctl is-active "$SERVICE")$(systemctl is-enabled "$SERVICE")" = inactivedisabled ]; }
systemctl disable --now --quiet "$SERVICE"
mv "/home/taro/broken/systemd/$SERVICE.service" /home/taro/broken/unit
holds "an upgrade that breaks off as it switches" fails install_as_taro /home/taro/broken/deploy/install.sh
holds "it stays stopped and disabled" stopped
holds "it is the version before" [ "$(version)" = "$FIRST" ]
mv /home/taro/broken/unit "/home/taro/broken/systemd/$SERVICE.service"
bump /home/taro/broken 9.9.3
cp "$ARCHIVE/systemd/$SERVICE.service" /home/taro/broken/systemd/
holds "an upgrade" install_as_taro /home/taro/broken/deploy/install.sh
holds "it stays stopped and disabled" stopped
holds "it is the new version" [ "$(version)" = "$SERVICE 9.9.3" ]
holds "rollback" install_as_taro "sudo /opt/$SERVICE/current/share/$SERVICE/deploy/install.sh --rollback"
holds "it stays stopped and disabled" stopped
holds "started, it runs" systemctl start "$SERVICE"
holds "a sentence over MQTT is heard" say_over_mqtt "また動いています。"
