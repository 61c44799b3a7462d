"""What stands between two numbers: ranges, scores, fractions, ratios."""

from __future__ import annotations

import re

from hayakoe_daemon.text.verbalize.counters import counters
from hayakoe_daemon.text.verbalize.rule import rule
from hayakoe_daemon.text.verbalize.speech import DIGITS, NUMBER, START, counted, integer, number

_UNIT = (
    r"(?:[%℃°]|度|時間?|分|秒|日|月|年|週間?|か月|ヶ月|円|人|個|本|回|枚|件|台|階|歳|点|倍"
    r"|mm|cm|km|kg|ml|mL|hPa|kW|[mgLWVA])"
)
_SCORED = (
    r"(?:で(?:勝|負|敗|引|リード|終|逆転|試合)|の(?:勝|敗|引き分け|同点|リード|スコア|完封)|(?:勝|負|引き分け|リード))"
)
_SCORE_BEFORE = re.compile(r"(?:スコア|結果|試合|得点|戦績)[はがの:]? ?$|(?:対|VS|vs)")


def _fraction(found: re.Match[str]) -> str | None:
    below, above = integer(found["b"]), integer(found["a"])
    whole = f"{number(found['i'])}と" if found["i"] else ""
    return f"{whole}{number(str(below))}ブンの{number(str(above))}"


def _two_in_a_row(found: re.Match[str]) -> str | None:
    first, second = int(found["a"]), int(found["b"])
    counter = found["c"]
    if second != first + 1 or second > 9:
        return None
    said = "ヨン" if first == 4 else number(str(first))
    return f"{said}、" + counters()[counter].say(second)


def _score(found: re.Match[str]) -> str | None:
    if not found["s"] and not _SCORE_BEFORE.search(found.string[max(0, found.start() - 6) : found.start()]):
        return None
    return _against(found)


_COUNTERS = "|".join(sorted(map(re.escape, counters()), key=len, reverse=True))
_NAME = r"[ァ-ヶー]{3,20}"
_TEAM = (
    "(?:阪神|巨人|中日|広島|横浜|ヤクルト|西武|日本ハム|日ハム|ロッテ|楽天|日本(?:代表)?|韓国|中国|米国|豪州|浦和|鹿島|川崎|"
    "名古屋|神戸|ガンバ大阪|セレッソ大阪|[早慶法明]大|早稲田|慶応)"
)
_SIDE = f"(?:{_TEAM}|{_NAME}|DeNA)"


def _against(found: re.Match[str]) -> str:
    return f"{number(found['a'])}タイ{number(found['b'])}"


EARLY = (
    rule(
        "score.names",
        rf"(?<=[ァ-ヶーA-Za-z一-龠\ue000] )(?<!第 )(?P<a>[0-9]{{1,3}}) [-–] (?P<b>[0-9]{{1,3}})"
        rf"(?= [ァ-ヶA-Za-z一-龠\ue000])(?! (?:{_COUNTERS})(?![一-龠]))",
        _against,
        ("ドジャース 4 - 2 パドレス", "ドジャース 四タイ二 パドレス"),
        ("韓国 1 - 2 日本", "韓国 一タイ二 日本"),
    ),
    rule(
        "score.sides",
        rf"(?<![ァ-ヶー一-龠])(?:{_TEAM} ?|{_SIDE} )(?P<w>(?P<a>[0-9]{{1,2}})[-–](?P<b>[0-9]{{1,2}}))"
        rf"(?= {_SIDE}| ?{_TEAM}|{_NAME})",
        _against,
        ("ドジャース 4-2 パドレス", "ドジャース 四タイ二 パドレス"),
        ("日本2-1ドイツ", "日本二タイ一ドイツ"),
    ),
)
"""Before addresses are: 日本2-1韓国 is none."""

RULES = (
    rule(
        "fraction.kanji",
        rf"{START}(?:(?P<i>[0-9]{{1,3}})と)?(?P<b>{DIGITS})分の ?(?P<a>{DIGITS})(?![0-9])",
        _fraction,
        ("3分の1が終わった", "三ブンの一が終わった"),
    ),
    rule(
        "ratio.colon",
        rf"{START}(?P<a>{NUMBER}) ?[:：∶] ?(?P<b>{NUMBER})(?![0-9:])(?=(?P<c> ?[:∶] ?(?P<n>{NUMBER}))?)",
        _against,
        ("16:9の画面", "十六タイ九の画面"),
        ("1:2の割合", "一タイ二の割合"),
    ),
    rule(
        "score",
        rf"{START}(?P<a>[0-9]{{1,3}}) ?[-–] ?(?P<b>[0-9]{{1,3}})(?![0-9.-])(?=(?P<s> ?{_SCORED})?)",
        _score,
        ("3-1で勝ちました", "三タイ一で勝ちました"),
        ("結果は2-2です", "結果は二タイ二です"),
    ),
    rule(
        "score.versus",
        rf"{START}(?P<a>{NUMBER}) ?対 ?(?P<b>{NUMBER})(?![0-9])",
        _against,
        ("2対1で終了", "二タイ一で終了"),
    ),
    rule(
        "pair.blood_pressure",
        r"(?<=血圧)(?P<before>[^0-9]{0,4})(?P<w>(?P<a>[0-9]{2,3})/(?P<b>[0-9]{2,3}))(?![0-9/])",
        lambda found: f"{number(found['a'])}の{number(found['b'])}",
        ("血圧は128/82です", "血圧は百二十八の八十二です"),
    ),
    rule(
        "pair.points",
        rf"{START}(?P<a>{NUMBER})/(?P<b>{DIGITS})点(?![検灯滴呼火])",
        lambda found: f"{counted(found['b'], '点')}中、{counted(found['a'], '点')}",
        ("10/10点でした", "十点中、十点でした"),
        ("85/100点", "百点中、八十五点"),
    ),
    rule(
        "pair.used",
        rf"{START}(?P<w>(?:(?P<n>{NUMBER})/(?={NUMBER} ?[KMGT]i?B(?![A-Za-z0-9]))|(?P<d>[0-9]{{1,6}}\.[0-9]{{1,3}})/"
        rf"(?={NUMBER} ?(?:kWh|kg|km|L|l)(?![A-Za-z0-9/]))))",
        lambda found: f"{number(found['n'] or found['d'])}、",
        ("3.2/8GB", "三点二、八ギガバイト"),
        ("12/16GB", "十二、十六ギガバイト"),
    ),
    rule(
        "fraction.slash",
        rf"{START}(?:(?P<i>[0-9]{{1,3}})(?: |と))?(?P<a>[0-9]{{1,4}})/(?P<b>[1-9][0-9]{{0,3}})"
        r"(?![0-9/]|\.[0-9]| ?[℃°%])",
        _fraction,
        ("水を3/4カップ", "水を四ブンの三カップ"),
        ("大さじ1/2", "大さじ二ブンの一"),
    ),
    rule(
        "range.two_in_a_row",
        rf"{START}(?P<a>[1-8])[-–〜~、,](?P<b>[2-9])(?P<c>{_COUNTERS})",
        _two_in_a_row,
        ("2〜3日かかる", "二、三日かかる"),
        ("5、6人で食事", "五、六人で食事"),
        ("4〜5回", "ヨン、五回"),
    ),
    rule(
        "range.numbers",
        r"(?:(?<=[0-9%℃°度時間分秒日月年週円人個本回枚件台階歳点倍mgLWVAlzsxhBb³²ド曜旬末頃\ue000])|(?<=か月)|"
        r"(?<=階)) ?[〜~–—―] ?(?P<minus>-(?=[0-9]))?(?=[+±¥$]?[0-9\ue000])",
        lambda found: "からマイナス" if found["minus"] else "から",
        ("10〜15個", "十から十五個"),
        ("20℃〜24℃", "二十度から二十四度"),
        ("11月下旬〜12月上旬", "十一月下旬から十二月上旬"),
        ("-5〜-3℃", "マイナス五からマイナス三度"),
    ),
    rule(
        "range.hyphen",
        rf"(?<=[0-9])(?<![0-9]-)(?P<w> ?- ?)(?=[0-9]{{1,5}}(?:\.[0-9]{{1,3}})? ?{_UNIT})|"
        r"(?:(?<=[0-9][時分日月年度℃%])|(?<=[曜\ue000]))(?: - |- ?| -(?=[0-9]{1,2}[:時]))(?=[0-9\ue000])"
        r"(?!(?<=\ue000-)[0-9.]{1,5} ?[℃°])",
        "から",
        ("10-15分", "十から十五分"),
        ("9:00-18:00", "九時から十八時"),
        ("9:00 - 18:00", "九時から十八時"),
        ("20℃-24℃", "二十度から二十四度"),
    ),
    rule(
        "pair.hyphen",
        r"(?<![0-9A-Za-z.-])(?P<a>[0-9]{1,4})-(?P<b>[0-9]{1,4})(?![0-9A-Za-z.-]| ?=)",
        lambda found: f"{number(found['a'])}の{number(found['b'])}",
        ("第3-2号", "第三の二号"),
    ),
    rule(
        "range.open",
        r"(?<=[0-9%℃°度時分秒日月年円人歳曜\ue000]) ?[〜~](?=[ 、。)\n一-龠ァ-ヶA-Z]|$|で[すしの]|[のには])",
        "から",
        ("営業時間10:00〜", "営業時間十時から"),
        ("集合は18:30〜です", "集合は十八時三十分からです"),
    ),
    rule(
        "range.until",
        r"(?:(?<=^)|(?<=[ \n(、。]))[〜~] ?(?P<n>(?=[0-9\ue000]))",
        "",
        ("〜18:00まで", "十八時まで"),
    ),
    rule(
        "range.words",
        r"(?<=[一-龠ァ-ヶA-Za-z曜])[〜~](?=[一-龠ァ-ヶA-Z])",
        "から",
        ("東京〜大阪", "東京から大阪"),
    ),
)
