from __future__ import annotations

import pytest

from hayakoe_daemon.mqtt.topics import Kind, Request, Topics


def test_the_topics_of_a_base() -> None:
    topics = Topics("hayakoe/kitchen")
    assert topics.say == "hayakoe/kitchen/say"
    assert topics.do("stop") == "hayakoe/kitchen/do/stop"
    assert topics.set("volume") == "hayakoe/kitchen/set/volume"
    assert topics.subscriptions == (
        "hayakoe/kitchen/say",
        "hayakoe/kitchen/do/+",
        "hayakoe/kitchen/set/+",
        "hayakoe/kitchen/dictionary/+",
        "hayakoe/kitchen/alarm/+/set",
        "hayakoe/kitchen/do/briefing/+",
    )
    out = [topics.status, topics.audio, topics.state, topics.event, topics.error]
    assert out == [f"hayakoe/kitchen/{name}" for name in ("status", "audio", "state", "event", "error")]


@pytest.mark.parametrize(
    ("topic", "request_"),
    [
        ("home/x/say", Request(Kind.SAY)),
        ("home/x/do/stop", Request(Kind.DO, "stop")),
        ("home/x/set/volume", Request(Kind.SET, "volume")),
        ("home/x/set/nonsense", Request(Kind.SET, "nonsense")),
        ("home/x/alarm/morning/set", Request(Kind.ALARM, "morning")),
        ("home/x/alarm/morning", None),
        ("home/x/alarm//set", None),
        ("home/x/alarm/set", None),
        ("home/x/alarm/a/b/set", None),
        ("home/x/do/briefing/morning", Request(Kind.BRIEFING, "morning")),
        ("home/x/do/briefing/", None),
        ("home/x/do/briefing/a/b", None),
        ("home/x/say/more", None),
        ("home/x/do", None),
        ("home/x/do/", None),
        ("home/x/do/a/b", None),
        ("home/x/status", None),
        ("home/xy/say", None),
        ("home/x", None),
        ("", None),
    ],
)
def test_what_a_topic_asks_for(topic: str, request_: Request | None) -> None:
    assert Topics("home/x").match(topic) == request_


@pytest.mark.parametrize(
    "base", ["", "/", "/a", "a/", "$SYS/a", "a/+/b", "a/#", "a\0b", "a\nb", "\ud800", "x" * 1001, "あ" * 400]
)
def test_bases_that_cannot_be_topics(base: str) -> None:
    with pytest.raises(ValueError, match="base topic"):
        Topics(base)
