"""Marks: what is said of mathematics, arrows and the like; where a bracket is a pause; what is silent."""

from __future__ import annotations

import re
import unicodedata

from hayakoe_daemon.text.verbalize import numbers
from hayakoe_daemon.text.verbalize.rule import rule

_NUMBER_BEFORE = r"(?<=[0-9\ue000)])"
_AFTER = r"(?=[0-9\ue000(√])"
_WORD = r"[0-9A-Za-z一-龠々ぁ-んァ-ヶー\ue000]"
_ENCLOSED = {
    "㈱": "株式会社",
    "㈲": "有限会社",
    "㈹": "代表",
    "㊑": "株式会社",
    "㊗": "祝",
    "㊙": "マルヒ",
    "㊤": "上",
    "㊥": "中",
    "㊦": "下",
    "🈁": "ここ",
    "℡": "電話",
    "〒": "郵便番号",
}


def _circled(found: re.Match[str]) -> str:
    value = unicodedata.normalize("NFKC", found[0].lstrip()).strip("().")
    said = f"マル{numbers.kana(int(value))}" if value.isdigit() else value
    return f"、{said}" if found[0][0] == " " else said


def _roman(found: re.Match[str]) -> str:
    return numbers.kanji(int(unicodedata.numeric(found[0])))


def _closing(found: re.Match[str]) -> str:
    return "、" if re.match(r"[0-9A-Za-z一-龠々ァ-ヶ\ue000]", found.string[found.end() : found.end() + 1]) else ""


def opening(found: re.Match[str]) -> str:
    return "、" if found.start() and re.match(_WORD, found.string[found.start() - 1]) else ""


_FACE = r"[^()（）一-龠ぁ-ん0-9\s]"
EARLY = (
    rule(
        "symbol.face",
        rf"[(（](?={_FACE}{{0,11}}[\^ω∀´`;；▽≧≦><*д])(?:{_FACE}| ){{2,12}}[)）](?:[ノゞﾉ／]|[bvV](?![A-Za-z0-9]))?",
        "",
        ("やったね(^o^)", "やったね"),
        ("やった(^^)v", "やった"),
    ),
    rule(
        "symbol.face_eyes",
        r"m ?[(（] ?[_ .＿]{2,5}[)）] ?m(?![A-Za-z0-9])"
        r"|[(（] ?(?:(?P<eye>[TxXuUoOQ])[_^＿-]{0,3}(?P=eye)|(?P<eyes>[-=￣@+])[_.ー＿]{1,3}(?P=eyes)) ?[;!]?[)）]",
        "",
        ("了解ですm(__)m", "了解です"),
        ("悲しい(T_T)", "悲しい"),
    ),
    rule(
        "symbol.laughter",
        r"(?<=[ぁ-んァ-ヶ一-龠ー！？!?。)）\ue000])(?: ?[wW]{2,20}|(?<=[よねすたいだなろ])w)(?=[\s。、！!]|$)"
        r"|(?<![A-Za-z0-9])[zZ]z{1,9}(?![A-Za-z0-9])",
        "",
        ("すごいwww", "すごい"),
        ("おやすみzzz", "おやすみ"),
    ),
    rule(
        "symbol.circled",
        r"(?:(?<=\S) +)?[①-⑳㉑-㉟㊱-㊿]",
        _circled,
        ("①玄関②窓", "マルイチ玄関マルニ窓"),
        ("①玄関 ②窓", "マルイチ玄関、マルニ窓"),
    ),
    rule("symbol.parenthesised", "[⑴-⒛⓪-⓿]", _circled, ("⑶を選ぶ", "マルサンを選ぶ")),
    rule("symbol.company", "[㈱㈲㈹㊗㊙㊤㊥㊦℡]", lambda found: _ENCLOSED[found[0]], ("㈱山田", "株式会社山田")),
    rule(
        "symbol.weekday",
        "[㈰㈪㈫㈬㈭㈮㈯]",
        lambda found: "日月火水木金土"["㈰㈪㈫㈬㈭㈮㈯".index(found[0])] + "曜日",
        ("20日㈮", "二十日金曜日"),
    ),
    rule("symbol.enclosed", "[㈀-㋾]", lambda found: unicodedata.normalize("NFKC", found[0]).strip("()"), ("㊒", "有")),
    rule("symbol.roman", "[Ⅰ-Ⅻⅰ-ⅻ]", _roman, ("第Ⅲ章", "第三章")),
    rule(
        "symbol.company_brackets",
        r"[(（](?P<k>株|有|社|財)[)）]",
        lambda found: {"株": "株式会社", "有": "有限会社", "社": "社団法人", "財": "財団法人"}[found["k"]],
        ("(株)山田", "株式会社山田"),
    ),
    rule("symbol.zip", "〒(?! ?[0-9])", "郵便番号", ("〒を教えて", "郵便番号を教えて")),
)
"""Before numbers are read."""

MATHS = (
    rule(
        "maths.times",
        rf"{_NUMBER_BEFORE} ?[×✕*xX] ?{_AFTER}|(?<=[一-龠ァ-ヶーA-Za-z]) ?× ?(?=[一-龠ァ-ヶA-Za-z0-9])",
        "かける",
        ("6×4は24", "六かける四は二十四"),
        ("幅10cm×奥行20cm", "幅十センチメートルかける奥行二十センチメートル"),
    ),
    rule("maths.divided", rf"{_NUMBER_BEFORE} ?÷ ?{_AFTER}", "わる", ("8÷2", "八わる二")),
    rule("maths.plus", rf"{_NUMBER_BEFORE} ?[+＋] ?{_AFTER}", "たす", ("1+1", "一たす一")),
    rule("maths.minus", rf"{_NUMBER_BEFORE}(?: [-−] |[-−])(?=[0-9]{{1,6}} ?=)", "ひく", ("5-2=3", "五ひく二は三")),
    rule("maths.equals", rf"{_NUMBER_BEFORE} ?[=＝] ?(?=[-0-9\ue000])", "は", ("1+1=2", "一たす一は二")),
    rule(
        "maths.equals_word",
        r"(?<![ァ-ヶー])(?<=[0-9A-Za-zぁ-ん一-龠]) ?[=＝] ?(?=[0-9A-Za-zぁ-んァ-ヶ一-龠])"
        r"|(?<=[ァ-ヶー]) ?[=＝] ?(?=[-0-9¥$])",
        "イコール",
        ("設定=自動", "設定イコール自動"),
        ("1ドル=150円", "一ドルイコール百五十円"),
    ),
    rule(
        "maths.less",
        r"(?<=[0-9A-Za-z一-龠ァ-ヶー\ue000]) ?<(?!-) ?(?=[0-9A-Za-z一-龠ァ-ヶ\ue000])(?!/?[A-Za-z][^<>\n]{0,99}>)",
        "小なり",
        ("a<b", "エー小なりビー"),
        ("20<気温", "二十小なり気温"),
    ),
    rule(
        "maths.greater",
        r"(?:(?<=[0-9\ue000])|(?<![A-Za-z][A-Za-z])(?<=[A-Za-z])) ?> ?(?=[0-9]|[A-Za-z](?![A-Za-z]))",
        "大なり",
        ("x>y", "エックス大なりワイ"),
    ),
    rule(
        "maths.compare",
        r"(?:[≦≧≠≒] ?(?=[0-9\ue000(√])|[<>] ?(?=[0-9]))",
        lambda found: {
            "≦": "小なりイコール",
            "≧": "大なりイコール",
            "≠": "ノットイコール",
            "≒": "ニアリーイコール",
            "<": "小なり",
            ">": "大なり",
        }[unicodedata.normalize("NFKC", found[0]).strip()[0]],
        ("x≒3", "エックスニアリーイコール三"),
    ),
    rule("maths.root", r"√(?=[0-9])", "ルート", ("√2", "ルート二")),
    rule("maths.pi", "π", "パイ", ("π", "パイ")),
    rule("maths.infinity", "∞", "無限大", ("∞", "無限大")),
    rule("maths.copies", r"(?<=[一-龠ぁ-んァ-ヶー]) ?[×✕xX] ?(?=[0-9])", "かける", ("りんご×3", "りんごかける三")),
)
"""Before numbers are read, which stand around them."""

LATE = (
    rule(
        "arrow.right",
        r"(?<=[0-9A-Za-z一-龠ァ-ヶー\ue000]) ?(?:→|⇒|➡|=>|->) ?(?=[0-9A-Za-z一-龠ぁ-んァ-ヶ\ue000])"
        r"(?!ON|OFF|オン|オフ|施錠|解錠|開|閉|停止|運転|在宅|外出)",
        "から",
        ("東京→大阪", "東京から大阪"),
        ("20℃→23℃", "二十度から二十三度"),
    ),
    rule("arrow.up", r"(?<=[0-9A-Za-z一-龠ぁ-んァ-ヶー\ue000]) ?[↑⬆⤴]", "アップ", ("気温↑", "気温アップ")),
    rule("arrow.down", r"(?<=[0-9A-Za-z一-龠ぁ-んァ-ヶー\ue000]) ?[↓⬇⤵]", "ダウン", ("気温↓", "気温ダウン")),
    rule("arrow.other", r" ?[←-⇿➔-➾⬅-⬍] ?", "、", ("はい←いいえ", "はい、いいえ")),
    rule("symbol.plus", r"[+](?=[0-9A-Za-z\ue000])", "プラス", ("a+b", "エープラスビー")),
    rule("symbol.and", r"(?<=\S) ?& ?(?=\S)", "アンド", ("父&母", "父アンド母")),
    rule("symbol.at", r"@(?=\S)", "アット", ("会議@本社", "会議アット本社")),
    rule("symbol.tick", "[✓✔☑]", "", ("✓完了", "完了")),
    rule(
        "symbol.circles",
        r"(?<![0-9一二三四五六七八九十百千万〇○◯])[〇○◯]{2,4}(?![一二三四五六七八九十百千万年月日〇○◯])",
        lambda found: "マル" * len(found[0]),
        ("〇〇さん", "マルマルさん"),
    ),
    rule("symbol.circle", r"[○◯](?=[×✕△でのがを。、]|$)", "マル", ("結果は○です", "結果はマルです")),
    rule("symbol.cross", r"(?<=[はが、\ue000])[×✕✖❌](?=[でのがを。、]|$)", "バツ", ("結果は×です", "結果はバツです")),
    rule("symbol.triangle", r"(?<=[はが、])△(?=[でのがを。、]|$)", "サンカク", ("評価は△です", "評価はサンカクです")),
    rule("symbol.number_sign", r"#(?=[A-Za-z一-龠ぁ-んァ-ヶ])", "ハッシュタグ、", ("#夏休み", "ハッシュタグ、夏休み")),
    rule("symbol.path", rf"(?<={_WORD}) ?> ?(?={_WORD})", "、", ("設定 > システム", "設定、システム")),
    rule("symbol.slash", rf"(?<={_WORD}) ?[/／|｜] ?(?={_WORD})", "、", ("洗濯/乾燥", "洗濯、乾燥")),
    rule("bracket.open", r" ?[(（\[［【〔〈《{｛] ?", opening, ("会議(定例)です", "会議、定例です")),
    rule("bracket.close", r" ?[)）\]］】〕〉》}｝] ?", _closing, ("【重要】更新", "重要、更新")),
    rule("symbol.colon", rf"(?<={_WORD}) ?[:：] ?(?={_WORD})", "、", ("室温：快適", "室温、快適")),
    rule("symbol.dash", r" ?(?:--+|[―—–─]{1,9}| - ) ?", "、", ("朝 - 夜", "朝、夜")),
    rule("symbol.hyphen_words", r"(?<=[一-龠ァ-ヶ])-(?=[一-龠ァ-ヶ])", "、", ("東京-大阪間", "東京、大阪間")),
    rule("symbol.hyphen", r"(?<=\S)-(?=\S)", "", ("あ-い", "あい")),
    rule(
        "symbol.silent",
        r"[★☆●■□◆◇▲▼▽♪♫♬♩※†‡§¶©®™•◦▪◎☎☏♡♥❤_*`^\\]+|・{3,}(?=$)",
        "",
        ("おやすみなさい♪", "おやすみなさい"),
    ),
)
"""After numbers and Latin words were read."""
