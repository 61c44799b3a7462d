"""What the entities are called, in both languages; without the name of the device, which is put before them."""

from __future__ import annotations

from enum import StrEnum


class Language(StrEnum):
    """What entities are called in, as `home_assistant.language` names it."""

    JA = "ja"
    EN = "en"


NAMES: dict[str, tuple[str, str]] = {
    "speak": ("読み上げ", "Speak"),
    "speak_urgently": ("緊急の読み上げ", "Speak urgently"),
    "say": ("読み上げる文", "Say"),
    "stop": ("停止", "Stop"),
    "skip": ("スキップ", "Skip"),
    "repeat": ("もう一度言う", "Repeat"),
    "snooze": ("スヌーズ", "Snooze"),
    "dismiss": ("アラームを止める", "Dismiss"),
    "test": ("テスト", "Test"),
    "volume": ("音量", "Volume"),
    "speed": ("話す速さ", "Speed"),
    "voice": ("声", "Voice"),
    "style": ("話し方", "Style"),
    "mute": ("ミュート", "Mute"),
    "do_not_disturb": ("おやすみモード", "Do not disturb"),
    "state": ("状態", "State"),
    "queue": ("順番待ちの数", "Queue"),
    "last_text": ("最後に読んだ文", "Last text"),
    "next_alarm": ("次のアラーム", "Next alarm"),
    "rtf": ("合成時間の比（RTF）", "RTF"),
    "first_sound": ("声が出るまでの時間", "First sound"),
    "memory": ("メモリ使用量", "Memory"),
    "cache_hits": ("キャッシュから読んだ回数", "Cache hits"),
    "speaking": ("発話中", "Speaking"),
    "audio_problem": ("音声出力の異常", "Audio problem"),
    "event_announcement": ("お知らせ", "Announcement"),
    "event_alarm": ("アラーム", "Alarm"),
    "alarm": ("アラーム {name}", "Alarm {name}"),
    "alarmtime": ("アラーム {name} の時刻", "Time of alarm {name}"),
    "alarmnow": ("アラーム {name} を今すぐ鳴らす", "Ring alarm {name} now"),
    "briefing": ("ブリーフィング {name} を今すぐ読む", "Read briefing {name} now"),
}
"""Japanese and English. Those of alarms and briefings have their name in them."""

USUAL_STYLE = ("（標準）", "(usual)")
"""The option of Style that leaves it to the voice."""

MODEL = ("日本語音声アナウンス", "Japanese announcements")


def chosen(both: tuple[str, str], language: Language) -> str:
    return both[language is Language.EN]
