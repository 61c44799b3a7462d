# shellcheck shell=bash
# The story `offline`; see run.sh, which sources it.
# shellcheck disable=SC2154 # from run.sh

alone() { [ "$(ls /sys/class/net)" = lo ]; }

holds "there is no network but the machine's own" alone
holds "install from a folder" install_as_taro "$CLONE/deploy/install.sh --offline /home/taro/bundle --with-broker"
holds "no compiler came along" fails command -v gcc
holds "it runs" active
give_back_soon
holds "a sentence over MQTT is heard" say_over_mqtt "洗濯が終わりました。"
# Holds dpkg's lock for a while, as the system's own updates do.
apt_is_busy() {
    python3 -c 'import fcntl, time; lock = open("/var/lib/dpkg/lock-frontend", "w"); fcntl.lockf(lock, fcntl.LOCK_EX); time.sleep(15)' &
    sleep 1
}
waited() { grep -q "installed by python3: waiting" /tmp/told || { cat /tmp/told; return 1; }; }
apt_is_busy
holds "once more, as an upgrade, while packages are being installed" install_as_taro "set -o pipefail; $CLONE/deploy/install.sh --offline /home/taro/bundle 2>&1 | tee /tmp/told"
holds "it waited" waited
holds "it runs" active
printf x >>/home/taro/bundle/requirements.txt
holds "a damaged folder is refused" fails as_taro "$CLONE/deploy/install.sh --offline /home/taro/bundle"
sed -i '$ s/x$//' /home/taro/bundle/requirements.txt
holds "and nothing has changed" active
