"""Numbers that are said digit by digit, or with の between: phones, postcodes, parcels, addresses, versions, models."""

from __future__ import annotations

import re

from hayakoe_daemon.text.verbalize import latin, numbers
from hayakoe_daemon.text.verbalize.rule import rule
from hayakoe_daemon.text.verbalize.speech import NUMBER, START, counted, groups, number, spelled

_EMERGENCY = {
    "110": "ヒャクトー番",
    "119": "ヒャクジューキュー番",
    "118": "ヒャクジューハチ番",
    "171": "イチナナイチ",
    "188": "イチハチハチ",
}
_ROMAN = {"I": 1, "V": 5, "X": 10}
_SIGNS = {
    "-": "ハイフン",
    "_": "アンダーバー",
    ".": "ドット",
    "!": "ビックリマーク",
    "#": "シャープ",
    "@": "アットマーク",
    "*": "アスタリスク",
    "$": "ドル",
    "%": "パーセント",
    "&": "アンド",
}


def code(written: str) -> str:
    """Character by character."""
    return "".join(_SIGNS.get(character) or spelled(character) for character in written)


def _version(found: re.Match[str]) -> str:
    prefix = (
        ""
        if re.search(
            r"(?:バージョン|ver\.?) ?$", found.string[max(0, found.start() - 7) : found.start()], re.IGNORECASE
        )
        else "バージョン"
    )
    parts = "テン".join(number(part) for part in (found["n"] or found["n2"] or found["n3"] or found["n4"]).split("."))
    return (
        (prefix if (found["v"] or found["v2"]) else "")
        + parts
        + (f"、{latin.word(found['tag'])}{number(found['tagn']) if found['tagn'] else ''}" if found["tag"] else "")
    )


def model_digits(written: str) -> str:
    """Short or round numbers as numbers (15, 700), others by their digits (404, 4090)."""
    if written[0] != "0" and (len(written) <= 2 or written.endswith("00")) and len(written) <= 5:
        return number(written)
    return numbers.digits(written)


def _model(found: re.Match[str]) -> str | None:
    said = []
    for part in re.findall(r"[A-Za-z]+|[0-9]+(?:\.[0-9]+)?", found[0]):
        if part[0].isdigit():
            said.append(model_digits(part) if part.isdigit() else number(part))
        elif part.isupper() or len(part) == 1:
            said.append(latin.known(part) or spelled(part) if len(part) > 1 else spelled(part))
        else:
            said.append(latin.word(part))
    return "".join(said)


def _room(found: re.Match[str]) -> str:
    first = "ワン" if found["n"] == "1" else numbers.kana(int(found["n"]))
    return first + spelled(found["k"])


def _gap(found: re.Match[str]) -> str:
    """A pause where a space stood before a word: 2-4-1 日新ビル is no 一日."""
    return "、" if re.match(r" [0-9A-Za-z一-龠々ァ-ヶ\ue000]", found.string[found.end() : found.end() + 2]) else ""


def _address(found: re.Match[str]) -> str:
    said = "の".join(number(part) for part in found["n"].split("-"))
    return said.replace("四の五の", "ヨンの五の") + _gap(found)  # シノゴノ is an idiom to OpenJTalk


def roman(written: str) -> int:
    """XIV → 14."""
    values = [_ROMAN[letter] for letter in written]
    return sum(-value if value < after else value for value, after in zip(values, [*values[1:], 0], strict=True))


def _roman_numeral(found: re.Match[str]) -> str | None:
    value = roman(found["w"])
    return numbers.kanji(value)


STRICT = (
    rule(
        "code.password",
        r"(?:パスワード|パスコード|パスフレーズ|暗号化?キー|暗証番号|認証コード|確認コード|PINコード|PIN|"
        r"コード|シリアル(?:番号)?|型番|型式|品番|ID|SSID)"
        r"(?:は|が|を|:|"
        r"=)? ?[「'\"]?(?P<w>(?=[!-~]{0,40}[0-9])[A-Za-z0-9][A-Za-z0-9!@#$%&*_.-]{2,40}"
        r"(?: [0-9]{3,4}(?![0-9]))?)(?![0-9A-Za-z])(?!年|"
        r"月|日|時|分|円|個|件|本|回|桁|文字|人|台|枚)",
        lambda found: "、".join(code(part.rstrip(".")) for part in found["w"].split()),
        ("パスワードはaB3-x9です", "パスワードはエービーサンハイフンエックスキューです"),
        ("認証コードは482913です", "認証コードはヨンハチニーキューイチサンです"),
        ("エラーコードはE404です", "エラーコードはイーヨンゼロヨンです"),
        ("認証コード 482 913", "認証コード ヨンハチニー、キューイチサン"),
    ),
    rule(
        "code.postcode",
        r"〒 ?(?P<n>[0-9]{3}-?[0-9]{4})(?![0-9-])",
        lambda found: "郵便番号" + groups(found["n"][:3] + "-" + found["n"][-4:]) + _gap(found),
        ("〒100-0001", "郵便番号イチゼロゼロのゼロゼロゼロイチ"),
        ("〒100-0001 東京都", "郵便番号イチゼロゼロのゼロゼロゼロイチ、 東京都"),
    ),
    rule(
        "code.phone",
        r"(?<![0-9A-Za-z-])(?:\+81-? ?(?P<w2>))?\(?(?P<n>0?[0-9]{1,4}\)?[-( ]?[0-9]{1,4}[-)][0-9]{3,4})(?![0-9-])",
        lambda found: (
            ("プラスハチイチの" if found["w2"] is not None else "") + groups(found["n"]) + _gap(found)
            if found["n"].startswith("0") or found["w2"] is not None
            else None
        ),
        ("090-9876-5432に電話", "ゼロキューゼロのキューハチナナロクのゴーヨンサンニーに電話"),
        ("03(1234)5678", "ゼロサンのイチニーサンヨンのゴーロクナナハチ"),
        ("0120-444-113", "ゼロイチニーゼロのヨンヨンヨンのイチイチサン"),
    ),
    rule(
        "code.groups",
        r"(?<![0-9A-Za-z.-])(?:[0-9]{3}-[0-9]{4}|[0-9]{2,8}(?:-[0-9]{3,8}){2,5})(?![0-9A-Za-z-])",
        lambda found: groups(found[0]) + _gap(found),
        ("郵便番号は100-0001", "郵便番号はイチゼロゼロのゼロゼロゼロイチ"),
        ("伝票番号1234-5678-9012", "伝票番号イチニーサンヨンのゴーロクナナハチのキューゼロイチニー"),
    ),
    rule(
        "code.phone_spaced",
        r"(?<![0-9A-Za-z.,-])0[0-9]{1,4} [0-9]{1,4} [0-9]{3,4}(?![0-9A-Za-z.,-])",
        lambda found: groups(found[0]) + _gap(found),
        ("03 1234 5678", "ゼロサンのイチニーサンヨンのゴーロクナナハチ"),
    ),
    rule(
        "code.spaced_groups",
        r"(?<![0-9A-Za-z.,-])[0-9]{4}(?: [0-9]{4}){1,4}(?![0-9A-Za-z.,-])",
        lambda found: "、".join(numbers.digits(group) for group in found[0].split()),
        ("1234 5678 9012", "イチニーサンヨン、ゴーロクナナハチ、キューゼロイチニー"),
    ),
    rule(
        "code.emergency",
        r"(?<![0-9#])(?P<n>110|119|118)番(?!目|線|地|台|札)",
        lambda found: _EMERGENCY[found["n"]],
        ("110番しますか", "ヒャクトー番しますか"),
    ),
    rule(
        "code.sharp",
        r"[#＃♯](?P<n>[0-9]{3,4})(?![0-9])",
        lambda found: "シャープ" + numbers.digits(found["n"]),
        ("#7119に電話", "シャープナナイチイチキューに電話"),
    ),
    rule(
        "code.numbered",
        r"(?:#|№|No\.?|NO\.?|no\.) ?(?P<n>[0-9]{1,4})(?![0-9])",
        lambda found: "ナンバー" + number(found["n"]),
        ("No.5の箱", "ナンバー五の箱"),
    ),
    rule(
        "code.digits",
        r"(?:番号|下[一二三四0-9]桁|コード|ナンバー|電話|TEL|Tel|tel|内線|口座|お問い合わせ)(?:は|が|の|:|"
        r"、)? ?(?P<w>[0-9]{3,24})(?![0-9.]|,[0-9]|号室|階|番|[年月日時分円個件本回桁人台枚社種曲つ])",
        lambda found: numbers.digits(found["w"]),
        ("予約番号8521です", "予約番号ハチゴーニーイチです"),
        ("下4桁1234", "下四桁イチニーサンヨン"),
    ),
    rule(
        "code.address",
        rf"(?<=[一-龠々ヶケのぁ-んァ-ヶ町])(?<![勝負対戦差果点第数間約計度のはが]){START}(?P<n>[0-9]{{1,4}}(?:-[0-9]{{1,4}}){{1,3}})(?![0-9A-Za-z-]|[.年月日時分秒回個本人名階歳円%℃度番杯枚台倍話巻週か件ページ])(?!で[勝負敗引リ]|の(?:勝|敗|引|同|リ|ス))",
        _address,
        ("千代田区丸の内1-2-3", "千代田区丸の内一の二の三"),
        ("本町12-34", "本町十二の三十四"),
        ("本町2-4-1 日新ビル", "本町二の四の一、 日新ビル"),
    ),
    rule(
        "code.address_long",
        rf"{START}(?P<n>[0-9]{{1,4}}-[0-9]{{1,3}}-[0-9]{{1,4}}(?:-[0-9]{{1,4}})?)(?![0-9A-Za-z.-])",
        _address,
        ("1-2-3", "一の二の三"),
        ("3-4-5-601", "三のヨンの五の六百一"),
    ),
    rule(
        "code.version",
        r"(?<![0-9A-Za-z.])(?:(?P<v>[vV]|[Vv]er\.? ?|[Vv]ersion )?(?P<n>[0-9]{1,6}(?:\.[0-9]{1,6}){2,5})|"
        r"(?P<v2>[vV]|[Vv]er\.? ?|[Vv]ersion )(?P<n2>[0-9]{1,4}(?:\.[0-9]{1,6})?)|"
        r"(?<=バージョン)(?P<n3>[0-9]{1,4}\.[0-9]{1,6})|(?<=[A-Za-z\ue000] )(?P<n4>20[0-9]{2}\.(?:1[0-2]|[1-9])))"
        r"(?:[-.]?(?P<tag>alpha|beta|rc|dev|b)\.?(?P<tagn>[0-9]{1,4})?)?(?![0-9A-Za-z]|\.[0-9])",
        _version,
        ("v2.3.1に更新", "バージョン二テン三テン一に更新"),
        ("バージョン2026.11.1が", "バージョン二千二十六テン十一テン一が"),
        ("Ver.3です", "バージョン三です"),
        ("Home Assistant 2026.11に", "ホームアシスタント 二千二十六テン十一に"),
    ),
)
"""What no date can be."""

LOOSE = (
    rule(
        "code.voltage",
        rf"(?<![A-Za-z0-9])(?P<k>AC|DC) ?(?P<n>{NUMBER}) ?V(?![A-Za-z0-9])",
        lambda found: f"{spelled(found['k'])}{number(found['n'])}ボルト",
        ("AC100V", "エーシー百ボルト"),
    ),
    rule(
        "code.layout",
        r"(?<![0-9A-Za-z.])(?P<n>[1-9])(?P<k>S?LDK|DK|K|R)(?![0-9A-Za-z])(?=[のでにはがを、。・]|$|マンション|"
        r"アパート|の)(?!の?(?:テレビ|放送|動画|画質|映像|モニター|対応|カメラ|解像度))",
        _room,
        ("3LDKの部屋", "サンエルディーケーの部屋"),
        ("1Kです", "ワンケーです"),
    ),
    rule(
        "code.floor",
        r"(?<![0-9A-Za-z.])(?:(?P<b>B)(?P<bn>[1-9])F|(?P<n>[1-9][0-9]?)F)(?![0-9A-Za-z])(?!出口|用紙|サイズ|判|列)",
        lambda found: ("地下" if found["b"] else "") + counted(found["bn"] or found["n"], "階"),
        ("3Fの窓", "三階の窓"),
        ("B1Fです", "地下一階です"),
    ),
    rule(
        "code.paper_batteries",
        r"単(?P<n>[1-5])(?![0-9])",
        lambda found: "単" + ("イチ", "ニ", "サン", "ヨン", "ゴ")[int(found["n"]) - 1],
        ("単3電池", "単サン電池"),
    ),
    rule(
        "code.roman_letters",
        r"(?:第|パート|Part |シーズン|フェーズ|レベル|ステージ)(?P<w>[IVX]{1,5})(?![A-Za-z])",
        _roman_numeral,
        ("第III章", "第三章"),
    ),
    rule(
        "code.roman_suffix",
        r"(?<![A-Za-z0-9])(?P<w>(?=[IVX]{2})X{0,2}(?:IX|IV|V?I{0,3})|V|X)(?=世|章|部|型|種|類|期|級|度|相|巻|編)",
        _roman_numeral,
        ("ルイXIV世とII型", "ルイ十四世と二型"),
    ),
    rule(
        "code.magnitude",
        r"(?<![A-Za-z0-9])M ?(?=[3-9]\.[0-9](?![0-9.]))",
        "マグニチュード",
        ("M7.3の地震", "マグニチュード七点三の地震"),
    ),
    rule(
        "code.model",
        r"(?<![0-9A-Za-z.])(?!(?<=[A-Za-z]/)[ck]?m[23](?![0-9A-Za-z]))(?:[A-Za-z]{1,10}[-.]?[0-9]{1,6}(?:\.[0-9]{1,3}(?![0-9.]))?(?:-?[A-Za-z0-9]{1,6}){0,3}|"
        r"[0-9]{1,4}[A-Z]{1,5}[0-9]{1,5}[A-Za-z0-9-]{0,8})(?![0-9A-Za-z円])",
        _model,
        ("A4用紙", "エー四用紙"),
        ("iPhone15の充電", "アイフォン十五の充電"),
        ("N700系", "エヌ七百系"),
        ("E404", "イーヨンゼロヨン"),
    ),
    rule(
        "code.generation",
        r"(?<![0-9A-Za-z.])(?P<n>[0-9]{1,4})(?P<k>K|G|D|P|i|p)(?![0-9A-Za-z])",
        lambda found: number(found["n"]) + spelled(found["k"]) if int(found["n"]) < 1000 or found["k"] != "K" else None,
        ("4K放送", "四ケー放送"),
    ),
)
"""After dates, times and ranges."""
