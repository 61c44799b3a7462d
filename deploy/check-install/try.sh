# shellcheck shell=bash
# The story `try`; see run.sh, which sources it.
# shellcheck disable=SC2154 # from run.sh

rm -f /etc/asound.conf
holds "deploy/try.sh --once" install_as_taro "cd hayakoe-daemon && ./deploy/try.sh --once 洗濯が終わりました"
echo "      .venv: $(du -sm "$CLONE/.venv" | cut -f 1) MB"
holds "once more" install_as_taro "cd hayakoe-daemon && ./deploy/try.sh --once 洗濯が終わりました"
