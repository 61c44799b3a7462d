from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hayakoe_daemon.config import Config, ConfigError, Mqtt, Problem, load
from hayakoe_daemon.config.model import Voice


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config.yaml"


def problems(file: Path, text: str | bytes) -> tuple[Problem, ...]:
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ConfigError) as caught:
        load(file)
    return caught.value.problems


def the_problem(file: Path, text: str | bytes) -> Problem:
    found = problems(file, text)
    assert len(found) == 1, found
    return found[0]


@pytest.mark.parametrize("text", ["", "\n", "# nothing\n", "---\n", "~\n", "audio:\n", "mqtt:\n  # port: 1\naudio:\n"])
def test_what_is_left_out_is_the_default(file: Path, text: str) -> None:
    file.write_text(text)

    assert load(file) == Config()


def test_every_section_is_read(file: Path) -> None:
    file.write_text(
        "node: kitchen\ntitle: 台所\nmqtt: {host: broker, tls: {}, keepalive: 1 min}\n"
        "audio: {chime: bell, volume: 40}\nspeech: {speed: 2}\nqueue: {expires_in: 1 h 30 min}\n"
    )

    config = load(file)

    assert (config.topic, config.client_id, config.title) == ("hayakoe/kitchen", "hayakoe-kitchen", "台所")
    assert (config.mqtt.broker_port, config.mqtt.keepalive) == (8883, 60.0)
    assert (config.audio.chime, config.audio.volume) == ("bell", 40)
    assert (config.speech.speed, config.queue.expires_in) == (2.0, 5400.0)


def test_each_voice_has_settings_of_its_own(file: Path) -> None:
    file.write_text("voices: {order: [beta, alpha], settings: {alpha: {speed: 1.2, load: first_use}, beta: }}")

    voices = load(file).voices

    assert voices.order == ("beta", "alpha")
    assert voices.settings == {"alpha": Voice(speed=1.2, load="first_use"), "beta": Voice()}


def test_a_given_port_topic_and_client_id_win() -> None:
    config = Config(base_topic="a/b", mqtt=Mqtt(port=1, client_id="me"))

    assert (config.topic, config.mqtt.broker_port, config.client_id) == ("a/b", 1, "me")


def test_a_relative_path_starts_at_the_file(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    file.write_text(
        "state_dir: state\naudio: {device: 'wav:heard', second_device: 'hw:CARD=USB', sounds_dir: /sounds}\n"
        "mqtt: {tls: {ca_file: ../ca.crt}}\n"
    )

    config = load(file)

    assert config.state_dir == file.parent / "state"
    assert config.audio.sounds_dir == Path("/sounds")
    assert (config.audio.device, config.audio.second_device) == (f"wav:{file.parent}/heard", "hw:CARD=USB")
    assert config.mqtt.tls is not None
    assert config.mqtt.tls.ca_file == file.parent / "../ca.crt"


def test_every_problem_is_told_at_once_and_in_the_order_of_the_file(file: Path) -> None:
    found = problems(
        file,
        "node: Living Room\nmqtt:\n  prot: 1\n  port: 99999\n  tls:\n    ca_file: 3\naudio:\n  chime: x\n  chime: y\n"
        "  lead_in: 3 weeks\nqueue: 5\n",
    )

    assert [(problem.line, problem.key) for problem in found] == [
        (1, "node"),
        (3, "mqtt.prot"),
        (4, "mqtt.port"),
        (6, "mqtt.tls.ca_file"),
        (9, "audio.chime"),
        (10, "audio.lead_in"),
        (11, "queue"),
    ]
    assert found[2].value == "99999"
    assert "1 to 65535" in found[2].message
    assert str(found[2]).startswith(f"{file}:4: mqtt.port: 99999 is not allowed; allowed: a whole number")


@pytest.mark.parametrize(
    ("text", "suggestion"),
    [
        ("nod: x", "did you mean node?"),
        ("mqtt: {prot: 1}", "did you mean port?"),
        ("mqtt: {tls: {cafile: x}}", "did you mean ca_file?"),
        ("volume: 3", "did you mean audio.volume?"),
        ("queue: {xyz: 3}", "there are: limit, expires_in"),
        ("voices: {setings: {}}", "did you mean settings?"),
        ("voices: {settings: {alpha: {stile: Happy}}}", "did you mean style?"),
        ("on: 3", "there is no such key"),
        ("3: 3", "there is no such key"),
    ],
)
def test_an_unknown_key(file: Path, text: str, suggestion: str) -> None:
    problem = the_problem(file, text)

    assert problem.line == 1
    assert suggestion in problem.message


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        ("node: ''", "1 to 32"),
        ("node: no", "1 to 32"),
        ("node: 12", "1 to 32"),
        ("node: [a]", "1 to 32"),
        (f"node: {'a' * 33}", "1 to 32"),
        ("base_topic: a/#", "MQTT topic"),
        ("base_topic: /a", "MQTT topic"),
        ("base_topic: a/", "MQTT topic"),
        ("base_topic: $SYS", "MQTT topic"),
        ("log_level: loud", "debug, info, warning or error"),
        ("log_level:", "debug, info, warning or error"),
        ("state_dir: 3", "a path"),
        ("state_dir: ~nobody-is-called-so/x", "a path"),
        ("mqtt: {host: mqtt://a}", "without mqtt://"),
        ("mqtt: {enabled: 1}", "true or false"),
        ("mqtt: {port: 1.5}", "a whole number from 1 to 65535; or null"),
        ("mqtt: {port: true}", "a whole number"),
        ("mqtt: {port: '1883'}", "a whole number"),
        ("mqtt: {port: 0x_}", "a whole number"),
        ("mqtt: {keepalive: 1 s}", "5 s to 65535 s"),
        ("mqtt: {password_credential: a/b}", "LoadCredential"),
        ("mqtt: {tls: 5}", "a section"),
        ("audio: {volume: 101}", "0 to 100"),
        ("audio: {rate: 100}", "8000 to 192000"),
        ("audio: {lead_in: 2026-11-20}", "0 s to 5 s"),
        ("audio: {chime: 3}", "true, false or the name"),
        ("audio: {device: ''}", "hw:CARD"),
        ("audio: {device: 'hw:0,0'}", "hw:CARD"),
        ("audio: {device: 'null:x'}", "null:"),
        ("audio: {device: 'wav:'}", "wav:FOLDER"),
        ('audio: {device: "\\a"}', "wav:FOLDER"),
        ("audio: {second_device: 'null:'}", "but not wav:FOLDER or null:"),
        ("audio: {second_device: 'wav:heard'}", "but not wav:FOLDER or null:"),
        ("audio: {loudness: .nan}", "-60 to 0"),
        ("speech: {voice: null}", "1 to 32"),
        ("speech: {speed: .inf}", "0.25 to 3"),
        ("speech: {patience: -1 s}", "0 s to 1 h"),
        ("voices: {load: later}", "start or first_use"),
        ("voices: {order: alpha}", "a list of names"),
        ("voices: {order: [Alpha]}", "a list of names"),
        ("voices: {settings: 5}", "a section with the name of each voice"),
        ("voices: {settings: {alpha: 5}}", "a section: keys and values"),
        ("voices: {settings: {alpha: {load: 1}}}", "start or first_use"),
        ("voices: {settings: {alpha: {sdp_ratio: 2}}}", "0 to 1"),
        ("queue: {limit: 0}", "1 to 100000"),
        ("queue: {expires_in: true}", "1 s to 30 d"),
        ("alarms: [tea]", "a section with the name of each alarm"),
        ("briefings: tea", "a section with the name of each briefing"),
        ("sources: 5", "a section with the name of each source"),
        ("queue: 5", "a section"),
        ("queue: [5]", "a section"),
    ],
)
def test_a_value_that_is_not_allowed_is_told_what_is(file: Path, text: str, allowed: str) -> None:
    problem = the_problem(file, text)

    assert problem.line == 1
    assert problem.value
    assert allowed in problem.message


@pytest.mark.parametrize(
    ("text", "quotes"),
    [
        ("mqtt: {user: 1234}", True),
        ("node: 12", True),
        ("title: yes", True),
        ("alarms: {tea: {time: 07:00, text: 3}}", True),
        ("audio: {volume: '5'}", False),
        ("audio: {volume: yes}", False),
        ("audio: {device: null}", False),
        ("sources: 5", False),
    ],
)
def test_what_is_text_to_a_person_and_none_to_yaml_wants_quotes(file: Path, text: str, quotes: bool) -> None:
    assert ("put quotes around it" in the_problem(file, text).message) is quotes


@pytest.mark.parametrize(
    ("text", "line", "column", "reason"),
    [
        ("node: home\n\ttitle: x\n", 2, 1, "tab"),
        ("audio:\n\tvolume: 3\n", 2, 1, "tab"),
        ("node: a: b\n", 1, 8, "colon"),
        ("node: [a\n", 2, 1, "YAML"),
        ("node: 'a\n", 2, 1, "YAML"),
        ("mqtt:\n  host: a\n   port: 3\n", 3, 8, "colon"),
        ("mqtt:\n    host: a\n  port: 3\n", 3, 3, "indentation"),
        ("title: @home\n", 1, 8, "quotes"),
        ("title: !!python/object:os.system x\n", 1, 8, "tag"),
        ("title: *home\n", 1, 8, "YAML"),
        ("node: a\n---\nnode: b\n", 2, 1, "YAML"),
        ("title: a\x07b\n", 1, None, "U+0007"),
        (b"node: a\ntitle: \xff\n", 2, None, "UTF-8"),
        ("- node\n", 1, None, "keys and values"),
        ("hello\n", 1, None, "keys and values"),
        ("? [a, b]\n: 3\n", 1, None, "single word"),
        ("[" * 5000, None, None, ""),
    ],
)
def test_broken_yaml_is_told_with_its_place(
    file: Path, text: str | bytes, line: int | None, column: int | None, reason: str
) -> None:
    problem = the_problem(file, text)

    assert (problem.line, problem.column) == (line, column)
    assert reason in problem.message


def test_a_file_that_is_not_there_or_is_none(tmp_path: Path) -> None:
    for path, reason in ((tmp_path / "none.yaml", "no such file"), (tmp_path, "cannot be read")):
        with pytest.raises(ConfigError, match=reason) as caught:
            load(path)
        assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("mqtt: {user: a, password_file: p, password_credential: c}", "keep one of them"),
        ("mqtt: {password_file: p}", "add user"),
        ("mqtt: {tls: {cert_file: c}}", "go together"),
    ],
)
def test_keys_that_do_not_go_together(file: Path, text: str, reason: str) -> None:
    assert reason in the_problem(file, text).message


@pytest.mark.parametrize(
    "text",
    [
        "mqtt: {password: hunter2}",
        "mqtt: {pasword: hunter2}",
        "password: hunter2",
        "mqtt: {host: 'mqtt://me:hunter2@broker'}",
        "mqtt: {password: 'hunter2}",
        "mqtt:\n  password: hunter2: x",
        "mqtt: {user: [hunter2]}",
    ],
)
def test_a_password_in_the_file_is_never_shown(file: Path, text: str) -> None:
    assert "hunter2" not in str(the_problem(file, text))


def test_a_password_is_sent_to_a_file_of_its_own(file: Path) -> None:
    assert "password_file" in the_problem(file, "mqtt: {password: hunter2}").message


def test_a_bomb_of_aliases_is_shown_in_few_words(file: Path) -> None:
    bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n"
    bomb += "".join(
        f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n"
        for before, name in zip("abcdefgh", "bcdefghi", strict=True)
    )

    assert len("\n".join(map(str, problems(file, bomb + "node: *i\n")))) < 10_000


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    content=st.binary(max_size=60)
    | st.text(alphabet="node:mqtaui{}[]-&*!?|>'\"#%@ \t\n0x_.~", max_size=60).map(str.encode)
)
def test_whatever_stands_there_only_a_config_error_comes(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    try:
        load(file)
    except ConfigError as error:
        told = error.problems
    else:
        return
    assert told
    assert all(problem.file == file for problem in told)
