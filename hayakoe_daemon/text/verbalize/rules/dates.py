"""Dates, days of the week, eras."""

from __future__ import annotations

import re

from hayakoe_daemon.text.verbalize import numbers
from hayakoe_daemon.text.verbalize.rule import rule
from hayakoe_daemon.text.verbalize.speech import START, counted

_DAYS = "月火水木金土日"
_OPEN, _CLOSE = r"[(\[【〈<(（［]", r"[)\]】〉>)）］]"
_IN_BRACKETS = rf" ?{_OPEN} ?[{_DAYS}](?:曜日?)?(?:[・,、/]?(?:祝日?|休日?|振休))? ?{_CLOSE}"
_YEAR, _MONTH, _DAY = "[12][0-9]{3}", "(?:1[0-2]|0?[1-9])", "(?:3[01]|[12][0-9]|0?[1-9])"
_ERAS = {"M": "明治", "T": "大正", "S": "昭和", "H": "平成", "R": "令和"}
_PARTS = (
    r"(?:カップ|個|本|量|程度|以[上下]|倍|サイズ|スケール|丁|束|袋|缶|枚|玉|株|片|切れ|ページ|錠|包|合|杯|拍子|インチ"
    r"|点(?![検灯滴呼火])|日(?:休|有|分|間|かか|だけ|ほど|程度|以)|(?:[KMGT]i?B|[ckm]?m|[mk]?g|m?[lL])(?![A-Za-z])"
    r"|の(?:確率|割合|量|大きさ|人|時間|値段|価格|サイズ|濃度))"
)
_DAY_BEFORE = r"(?:日付|期限|期日|納期|締め?切り?|予定日|配達日|提出日|更新日|誕生日|記念日|開催日)[はが:]? ?"
_FROM = rf"[0-9]/[0-9]{{1,2}}(?:{_IN_BRACKETS})? ?[〜~–-] ?"
_WHOLE_BEFORE = r"(?:大さじ|小さじ|残り|約|およそ|カップ|確率は?|割合は?|の|全体の|半分の)"


def _month_and_day(month: str, day: str) -> str:
    return f"{numbers.kanji(int(month))}月" + ("ツイタチ" if int(day) == 1 else counted(str(int(day)), "日"))


def _date(found: re.Match[str]) -> str | None:
    if re.search(r"(?:バージョン|[Vv]er\.?|[Vv]ersion|v) ?$", found.string[max(0, found.start() - 8) : found.start()]):
        return None
    if found["sep"] == "." and re.search(r"[A-Za-z\ue000] ?$", found.string[max(0, found.start() - 2) : found.start()]):
        return None  # a version of what was just named
    year = counted(found["y"], "年") if found["y"] else ""
    return (
        year
        + _month_and_day(found["m"], found["d"])
        + ("、" if re.match(r"[ T][0-9]", found.string[found.end() : found.end() + 2]) else "")
    )


def _short_date(found: re.Match[str]) -> str | None:
    before, after = found.string[max(0, found.start() - 12) : found.start()], found.string[found.end("d") :][:8]
    if re.search(rf"(?:{_WHOLE_BEFORE}|[0-9]と) ?$", before) or re.match(rf" ?(?:{_PARTS}|[℃°%])", after):
        return None
    is_small = int(found["m"]) < int(found["d"]) <= 5
    ends_there = re.match(r"(?:です|でした|だ|に(?:な|減|縮|し)|。|$)", after)
    if is_small and ends_there and not re.search(rf"(?:日|予定)[はが:] ?$|{_DAY_BEFORE}$|{_FROM}$", before):
        return None  # 1/2です: half of something, where nothing says that it is a day
    return _month_and_day(found["m"], found["d"])


def _until(found: re.Match[str]) -> str:
    week = found["week"] or ""
    weekday = "".join(f"{day}曜日" for day in week if day in _DAYS)[:3] + ("祝日" if "祝" in week else "")
    return f"{weekday}から{counted(found['to'], '日')}"


def _hyphened_date(found: re.Match[str]) -> str | None:
    before = found.string[max(0, found.start() - 7) : found.start()]
    is_told = found["week"] or re.search(f"{_DAY_BEFORE}$", before)
    is_number = re.search("(?:番号?|室|部屋|棟|席|番地|住所|型番?|町|丁目) ?$", before)
    if not is_told and (is_number or not found["at"]):
        return None
    return _month_and_day(found["m"], found["d"]) + ("、" if found["at"] else "")


def _year_last(found: re.Match[str]) -> str | None:
    """21/11/2026 and 11/21/2026 say themselves which is the month; 5/6/2026 does not."""
    first, second = found["a"], found["b"]
    if int(first) > 12 or first == second:
        first, second = second, first
    if not 1 <= int(first) <= 12 or not (12 < int(second) <= 31 or first == second):
        return None
    return counted(found["y"], "年") + _month_and_day(first, second)


def _era(found: re.Match[str]) -> str:
    year = "元年" if found["y"] == "1" else counted(found["y"], "年")
    day = _month_and_day(found["m"], found["d"]) if found["d"] else ""
    return _ERAS[found["e"]] + year + day


def _weekdays(found: re.Match[str]) -> str:
    inside = found["in"]
    names = [f"{day}曜日" for day in inside if day in _DAYS and not inside.startswith(("祝", "休"))][:1]
    names += ["祝日"] if "祝" in inside else ["休日"] if "振休" in inside or "休" in inside else []
    return "".join(names) + (
        "、" if re.match(r"[0-9A-Za-z一-龠々ァ-ヶ\ue000]", found.string[found.end() : found.end() + 1]) else ""
    )


EARLY = (
    rule(
        "date.iso",
        rf"{START}(?P<y>{_YEAR})(?P<sep>[-/.])(?P<m>{_MONTH})(?P=sep)(?P<d>{_DAY})(?![0-9]|[-/.][0-9])(?:T(?=[0-9]))?",
        _date,
        ("2026/11/20の記録", "二千二十六年十一月二十日の記録"),
        ("2026-01-01に", "二千二十六年一月ツイタチに"),
        ("2026.4.8更新", "二千二十六年四月八日更新"),
        ("2026-11-20T07:30", "二千二十六年十一月二十日七時三十分"),
    ),
    rule(
        "date.year_last",
        rf"{START}(?P<a>[0-9]{{1,2}})(?P<sep>[-/.])(?P<b>[0-9]{{1,2}})(?P=sep)(?P<y>(?:19|20)[0-9]{{2}})(?![0-9]|[-/.][0-9])",
        _year_last,
        ("21/11/2026に", "二千二十六年十一月二十一日に"),
        ("11/21/2026に", "二千二十六年十一月二十一日に"),
    ),
    rule(
        "date.until_day",
        rf"(?<![0-9])(?P<m>{_MONTH})/(?P<d>{_DAY})(?P<w>(?P<week>{_IN_BRACKETS})?"
        r" ?[〜~–-] ?(?P<to>3[01]|[12][0-9]|[1-9])(?:日(?![間一-龠]))?)"
        r"(?![0-9/:.,\-A-Za-z℃°%]| ?[^\s、。()はがにもでの])",
        _until,
        ("11/20〜23の予定", "十一月二十日から二十三日の予定"),
        ("11/21-23は休み", "十一月二十一日から二十三日は休み"),
        ("11/21(土)-23(月)", "十一月二十一日土曜日から二十三日月曜日"),
    ),
    rule(
        "date.until_alone",
        rf"(?:^|[ \n(、。])[〜~] ?(?:{_MONTH}/{_DAY}(?:{_IN_BRACKETS})?|[0-9]{{1,2}}:[0-5][0-9]|[0-9]{{1,2}}[日時]|"
        rf"{_MONTH}月(?:末|{_DAY}日)?)(?P<w>)(?=[ )。、の\n]|$)",
        "まで",
        ("(〜25日)", "二十五日まで"),
        ("〜12/25の予定", "十二月二十五日までの予定"),
    ),
    rule(
        "date.hyphen",
        rf"(?<![0-9A-Za-z.-])(?P<m>{_MONTH})-(?P<d>{_DAY})(?![0-9A-Za-z.-])"
        rf"(?=(?P<week>{_IN_BRACKETS})?)(?=(?P<at>(?<=[0-9]{{2}}-[0-9]{{2}}) [0-2]?[0-9]:[0-5][0-9])?)",
        _hyphened_date,
        ("11-21(土)は", "十一月二十一日土曜日は"),
        ("期限 12-25", "期限 十二月二十五日"),
        ("11-21 10:00", "十一月二十一日、 十時"),
    ),
    rule(
        "date.year_month",
        rf"{START}(?P<y>{_YEAR})/(?P<m>{_MONTH})(?![0-9/])",
        lambda found: f"{counted(found['y'], '年')}{numbers.kanji(int(found['m']))}月",
        ("2026/11の電気代", "二千二十六年十一月の電気代"),
    ),
    rule(
        "date.era_letter",
        rf"(?<![0-9A-Za-z])(?P<e>[MTSHR])(?P<y>[1-9][0-9]?)(?:年|[./](?P<m>{_MONTH})[./](?P<d>{_DAY})(?![0-9]))",
        _era,
        ("R8.11.20から", "令和八年十一月二十日から"),
        ("H30年の建物", "平成三十年の建物"),
        ("R1年", "令和元年"),
    ),
)
"""Whole dates, before what else is written with hyphens and points."""

RULES = (
    rule(
        "date.short",
        rf"(?<![0-9A-Za-z.])(?<![0-9][,:/])(?P<m>{_MONTH})/(?P<d>{_DAY})(?![0-9]|[/.][0-9]|"
        rf" ?=)(?:日(?![一-龠]))?(?=(?P<week>{_IN_BRACKETS})?)",
        lambda found: _month_and_day(found["m"], found["d"]) if found["week"] else _short_date(found),
        ("12/31まで休み", "十二月三十一日まで休み"),
        ("11/20(金)", "十一月二十日金曜日"),
        ("1/2(土)から", "一月二日土曜日から"),
        ("明日は3/3です", "明日は三月三日です"),
        ("3/4日の予定", "三月四日の予定"),
        ("期限 3/4", "期限 三月四日"),
        ("12/31-1/3", "十二月三十一日から一月三日"),
    ),
    rule(
        "date.day_of_range",
        r"(?<=月)(?P<d>3[01]|[12][0-9]|[1-9])(?= ?[〜~-] ?[0-9]{1,2}日)",
        lambda found: "ツイタチ" if found["d"] == "1" else counted(found["d"], "日"),
        ("11月20〜23日", "十一月二十日から二十三日"),
    ),
    rule(
        "date.month_day",
        rf"(?<![0-9.])(?P<m>1[0-2]|0?[1-9]) ?月 ?(?P<d>{_DAY}) ?日(?!間|本(?!日))",
        lambda found: _month_and_day(found["m"], found["d"]),
        ("1月1日の朝", "一月ツイタチの朝"),
        ("11月20日", "十一月二十日"),
        ("09月05日", "九月五日"),
        ("11 月 1 日", "十一月ツイタチ"),
    ),
    rule(
        "date.first_of_month",
        r"(?:(?:毎月|今月|来月|先月|翌月|再来月|同月) ?|(?<![0-9時丸あとまるもう第]))(?P<w>1 ?日)(?=(?: ?[(（]"
        rf"[{_DAYS}]|は(?:燃|資源|ゴミ|休|定休|元)|(?:午[前後]|付け?|発売|開始|生まれ|締|現在|までに?(?:支払|提出|返))"
        r"| [0-2]?[0-9]:[0-5][0-9]))",
        "ツイタチ",
        ("1日は燃えるゴミ", "ツイタチは燃えるゴミ"),
        ("1日(日)は休み", "ツイタチ日曜日は休み"),
        ("1日 10:00", "ツイタチ 十時"),
    ),
    rule(
        "date.first_in_list",
        r"(?<![0-9A-Za-z.,時丸あとまるもう第])1日"
        r"(?=(?:[と、・や,] ?|及び)[0-9]{1,2}日(?![間目分前後])|から[0-9]{1,2}日まで)",
        "ツイタチ",
        ("1日と15日に払う", "ツイタチと十五日に払う"),
        ("1日から7日まで", "ツイタチから七日まで"),
    ),
    rule(
        "date.first_after_month_word",
        r"(?:毎月|今月|来月|先月|翌月|再来月|同月)の?(?P<w> ?1 ?日)(?!中|間|分|目)",
        "ツイタチ",
        ("来月1日に届く", "来月ツイタチに届く"),
    ),
    rule(
        "date.weekday",
        rf"(?<=[0-9日\ue000]) ?{_OPEN} ?(?P<in>(?:祝|[{_DAYS}])(?:曜日?)?(?:[・,、/]?(?:祝日?|休日?|"
        rf"振休))?) ?{_CLOSE} ?",
        _weekdays,
        ("20日(金)", "二十日金曜日"),
        ("11/23[月・祝]は休み", "十一月二十三日月曜日祝日は休み"),
        ("11/20(金) 19:00から", "十一月二十日金曜日、十九時から"),
        ("14日【土】午後", "十四日土曜日、午後"),
    ),
    rule(
        "date.nth_sunday",
        r"第 ?(?P<n>[1-5])(?=日曜)",
        lambda found: "第" + numbers.kana(int(found["n"])),
        ("第2日曜日", "第ニ日曜日"),
    ),
    rule(
        "date.weekday_alone",
        rf"{_OPEN}(?P<d>[{_DAYS}])(?:曜日?)?{_CLOSE}",
        lambda found: (
            ("、" if re.search(r"[一-龠ァ-ヶー]$", found.string[: found.start()][-1:]) else "") + f"{found['d']}曜日"
        ),
        ("次の(土)に", "次の土曜日に"),
        ("プラ(火)", "プラ、火曜日"),
    ),
    rule(
        "date.weekday_range",
        rf"(?<![一-龠])(?P<a>[{_DAYS}])(?:曜日?)? ?[〜~-] ?(?P<b>[{_DAYS}])(?:曜日?)?(?![一-龠])",
        lambda found: f"{found['a']}曜から{found['b']}曜",
        ("月〜金は7時", "月曜から金曜は七時"),
    ),
    rule(
        "date.weekday_of_waste",
        r"(?:ゴミ|ごみ|プラ|資源|不燃|可燃|粗大|缶|びん|ビン|瓶|古紙|新聞|段ボール|ボトル|燃え[るな]い?|燃やす|収集日?|回収日?)"
        rf"(?P<w> ?[:：] ?[{_DAYS}])(?=[、,。)/／\s]|$)",
        lambda found: f"、{found['w'][-1]}曜",
        ("プラ:水", "プラ、水曜"),
    ),
    rule(
        "date.weekday_list",
        r"(?:(?<![一-龠])|"
        rf"(?<=週))(?P<a>[{_DAYS}])[・/](?P<b>[{_DAYS}])(?:[・/](?P<c>[{_DAYS}]))?(?:曜日?)?(?P<off>[・/]祝日?)?"
        r"(?=[はがにのとで、。)]| ?[/／]| [^ ]|$)",
        lambda found: (
            "、".join(f"{day}曜" for day in found.group("a", "b", "c") if day) + ("、祝日" if found["off"] else "")
        ),
        ("月・木はゴミの日", "月曜、木曜はゴミの日"),
        ("毎週月・水・金", "毎週月曜、水曜、金曜"),
        ("毎週火・金です", "毎週火曜、金曜です"),
        ("土・日・祝は休み", "土曜、日曜、祝日は休み"),
        ("燃やすゴミ:月・木 / プラ", "燃やすゴミ、月曜、木曜、プラ"),
    ),
    rule(
        "date.all_day",
        r"(?<![0-9A-Za-z.,])1 ?日中",
        "イチニチジュー",
        ("1日中家にいました", "イチニチジューいえにいました"),
    ),
    rule(
        "date.one_day",
        r"(?<![0-9A-Za-z.,])1(?:日(?![間目分本])| 日(?![一-龠]))",
        "イチニチ",
        ("1 日 3 回", "イチニチ 三回"),
        ("1日3回飲む", "イチニチ三回飲む"),
        ("あと1日です", "あとイチニチです"),
    ),
)
