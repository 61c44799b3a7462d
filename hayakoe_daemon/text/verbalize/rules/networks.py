"""Addresses of machines and people: URLs, mail, host names, IP and MAC addresses, file names."""

from __future__ import annotations

import re

from hayakoe_daemon.text.verbalize import latin, numbers, tables
from hayakoe_daemon.text.verbalize.rule import rule
from hayakoe_daemon.text.verbalize.speech import spelled

_DOMAINS = tables.pairs("domains")
_ENDINGS = tables.pairs("files")
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9_-]{0,62})"
_HOST = rf"{_LABEL}(?:\.{_LABEL}){{1,8}}"
_TOP = r"(?:com|net|org|info|local|home|lan|dev|app|shop|biz|gov|edu|jp|io|tv|me|ai|co|uk|us|de|fr|cn|kr|tw|eu)"
_MARKS = {".": "ドット", "-": "ハイフン", "_": "アンダーバー", "+": "プラス", "/": "スラッシュ", ":": "コロン"}
_LONGEST_PATH = 24


def words(written: str) -> str:
    """Names, digits one by one, and the marks between them."""
    said = []
    for part in re.findall(r"[A-Za-z]+|[0-9]+|[^A-Za-z0-9]", written):
        if part[0].isdigit():
            said.append(numbers.digits(part))
        else:
            said.append(latin.word(part) if part.isalpha() else _MARKS.get(part, ""))
    return "".join(said)


def host(written: str) -> str:
    """example.co.jp → エグザンプルドットシーオードットジェーピー; www is not said."""
    labels = [label for label in written.split(".") if label.lower() != "www"]
    if all(label.isdigit() for label in labels):
        return "ドット".join(numbers.digits(label) for label in labels)
    first, *rest = labels
    return "ドット".join([words(first), *(_DOMAINS.get(label.lower()) or words(label) for label in rest)])


def _url(found: re.Match[str]) -> str:
    path = (found["path"] or "").strip("/")
    if not re.fullmatch(rf"[A-Za-z][A-Za-z/_-]{{0,{_LONGEST_PATH}}}", path) or path.count("/") > 1:
        path = ""  # nobody could write it down from hearing
    port = f"ポート{numbers.digits(found['port'])}" if found["port"] else ""
    return host(found["host"]) + port + (f"スラッシュ{words(path)}" if path else "")


def _file(found: re.Match[str]) -> str:
    return f"{words(found['name'])}ドット{_ENDINGS[found['end'].lower()]}"


RULES = (
    rule(
        "network.mail",
        rf"(?<![A-Za-z0-9._%+-])(?P<user>[A-Za-z0-9][A-Za-z0-9._%+-]{{0,63}})@(?P<host>{_HOST})(?![A-Za-z0-9])",
        lambda found: f"{words(found['user'])}アットマーク{host(found['host'])}",
        ("info@example.comへ", "インフォアットマークエグザンプルドットコムへ"),
    ),
    rule(
        "network.url",
        r"(?<![A-Za-z0-9])(?:https?|ftp|mqtts?|rtsp|"
        rf"wss?)://(?:[^\s/@]{{1,40}}@)?(?P<host>{_LABEL}(?:\.{_LABEL}){{0,8}})(?::(?P<port>[0-9]{{1,5}}))?"
        r"(?P<path>/[!-~]*+)?",
        _url,
        ("https://www.example.com/help?a=1を開く", "エグザンプルドットコムを開く"),
        ("http://homeassistant.local:8123", "ホームアシスタントドットローカルポートハチイチニーサン"),
    ),
    rule(
        "network.ip",
        r"(?<![0-9A-Za-z.])(?P<ip>(?:25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])(?:\.(?:25[0-5]|2[0-4][0-9]|"
        r"1?[0-9]?[0-9])){3})(?:/(?P<mask>[0-9]{1,2}))?"
        r"(?::(?P<port>[0-9]{2,5}))?(?![0-9A-Za-z]|\.[0-9])",
        lambda found: (
            host(found["ip"])
            + (f"スラッシュ{numbers.kanji(int(found['mask']))}" if found["mask"] else "")
            + (f"ポート{numbers.digits(found['port'])}" if found["port"] else "")
        ),
        ("192.168.1.10に接続", "イチキューニードットイチロクハチドットイチドットイチゼロに接続"),
    ),
    rule(
        "network.mac",
        r"(?<![0-9A-Za-z:-])(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}(?![0-9A-Za-z:-])",
        lambda found: "、".join(spelled(pair) for pair in re.split("[:-]", found[0])),
        ("AA:BB:0C:1D:2E:3F", "エーエー、ビービー、ゼロシー、イチディー、ニーイー、サンエフ"),
    ),
    rule(
        "network.host",
        rf"(?<![A-Za-z0-9._-])(?P<host>(?:{_LABEL}\.){{1,6}}{_TOP})(?::(?P<port>[0-9]{{1,5}}))?(?P<path>/[!-~]*+)?(?![A-Za-z0-9_])",
        _url,
        ("example.comにアクセス", "エグザンプルドットコムにアクセス"),
        ("example.co.jp", "エグザンプルドットシーオードットジェーピー"),
    ),
    rule(
        "network.file",
        rf"(?<![A-Za-z0-9._-])(?P<name>[A-Za-z0-9][A-Za-z0-9._-]{{0,80}}|"
        rf"(?<=[一-龠ぁ-んァ-ヶー]))\.(?P<end>(?i:{'|'.join(_ENDINGS)}))(?![A-Za-z0-9_])",
        _file,
        ("config.yamlを直す", "コンフィグドットヤムルを直す"),
        ("写真.jpg", "写真ドットジェイペグ"),
    ),
)
