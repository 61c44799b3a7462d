from __future__ import annotations

from pathlib import Path

import pytest

from hayakoe_daemon.config import Mqtt, PasswordError, password_reader


def test_no_password() -> None:
    assert password_reader(Mqtt(), {})() is None


@pytest.mark.parametrize(
    ("content", "password"),
    [("geheim", "geheim"), ("geheim\n", "geheim"), ("a b\n\n", "a b\n"), ("ひみつ\r\n", "ひみつ")],
)
def test_one_newline_at_the_end_is_no_part_of_it(tmp_path: Path, content: str, password: str) -> None:
    file = tmp_path / "password"
    file.write_bytes(content.encode())

    assert password_reader(Mqtt(user="u", password_file=file), {})() == password


def test_it_is_read_afresh_and_kept_nowhere(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("first")
    mqtt = Mqtt(user="u", password_file=file)
    read = password_reader(mqtt, {})

    assert read() == "first"
    file.write_text("second")
    assert read() == "second"
    assert "second" not in repr(mqtt) + repr(read)


def test_a_credential_of_systemd(tmp_path: Path) -> None:
    (tmp_path / "broker").write_text("geheim\n")
    mqtt = Mqtt(user="u", password_credential="broker")

    assert password_reader(mqtt, {"CREDENTIALS_DIRECTORY": str(tmp_path)})() == "geheim"
    with pytest.raises(PasswordError, match="LoadCredential=broker"):
        password_reader(mqtt, {})()


@pytest.mark.parametrize(("content", "reason"), [(None, "No such file"), (b"", "empty"), (b"geheim\xff", "UTF-8")])
def test_a_password_that_cannot_be_read(tmp_path: Path, content: bytes | None, reason: str) -> None:
    file = tmp_path / "password"
    if content is not None:
        file.write_bytes(content)

    with pytest.raises(PasswordError, match=reason) as caught:
        password_reader(Mqtt(user="u", password_file=file), {})()

    assert str(file) in str(caught.value)
    assert "geheim" not in str(caught.value)
