"""What is said to be measured: household Japanese of four lengths."""

from __future__ import annotations

TEXTS = {
    "short": "お風呂が沸きましたよ。",
    "medium": "今日は午後から雨が降るそうですので、お出かけの際には傘をお持ちになり、洗濯物は早めに取り込んで。",
    "long": (
        "今日は午後から雨が降るそうですので、お出かけの際には傘をお持ちになり、"
        "洗濯物は早めに取り込んで、窓も忘れずに閉めておいてくださいね。"
    ),
    "xlong": (
        "洗濯機が止まりましたので、早めに取り出して干してください。"
        "今日は午後から雨が降るそうですので、お出かけの際には傘をお持ちください。"
        "夕方には風も強くなりますから、窓を閉めて、植木鉢は家の中に入れておきましょう。"
        "明日は晴れて暖かくなりますが、朝は霧が出るところがあるでしょう。"
        "ごみの収集は、燃えるごみと、新聞や雑誌です。"
        "お風呂のお湯は、まもなく沸きますので、もうしばらくお待ちください。"
        "玄関の鍵が開いたままになっています。"
        "宅配便は、お昼過ぎに届く予定です。"
    ),
}
"""About 1.7, 7.6, 10.7 and 38.5 s of speech; the first three are one sentence each."""

SENTENCES = {name: text for name, text in TEXTS.items() if name != "xlong"}
"""Where sound is compared: in a text of several sentences pauses shift what follows."""

AT_ONCE = "xlong"
"""The text of which several sentences are made at once."""

WARM_UP = "玄関のドアが開いています。今日の天気は、晴れのち曇りでしょう。"
"""Said before anything is measured."""

_SENTENCES = (
    "お風呂が沸きました。",
    "洗濯機が止まりましたので、早めに取り出して干してください。",
    "玄関の鍵が開いたままになっています。",
    "今日は午後から雨が降るそうですので、お出かけの際には傘をお持ちください。",
    "宅配便は、お昼過ぎに届く予定です。",
    "まもなく七時です。",
    "ごみの収集は、燃えるごみと、新聞や雑誌です。",
    "夕方には風も強くなりますから、窓を閉めて、植木鉢は家の中に入れておきましょう。",
    "ご飯が炊けました。",
    "明日は晴れて暖かくなりますが、朝は霧が出るところがあるでしょう。",
    "冷蔵庫の扉が、五分前から開いています。",
    "お薬の時間です。",
    "居間の温度が二十八度を超えましたので、冷房を入れます。",
    "次のバスは、十二分後に来ます。",
    "電池の残りが少なくなっています。",
    "子供部屋の明かりが、まだついています。",
)

PASSAGES = {str(count): "".join(_SENTENCES[:count]) for count in (1, 2, 4, 8, 16)}
"""So many sentences in one text, of 1 to 5 seconds each, as they come at home."""
