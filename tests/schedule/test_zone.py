from __future__ import annotations

import shutil
from datetime import datetime
from importlib import resources
from pathlib import Path

import pytest

from hayakoe_daemon.schedule.zone import ZoneError, instant, system_zone, zone_named

TOKYO_FILE = Path(str(resources.files("tzdata"))) / "zoneinfo/Asia/Tokyo"
NOON = datetime(2026, 11, 20, 12)  # noqa: DTZ001, a wall clock


def test_a_zone_by_its_name() -> None:
    assert zone_named("Australia/Lord_Howe").key == "Australia/Lord_Howe"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("Asia/Tokio", 'there is no time zone "Asia/Tokio", did you mean Asia/Tokyo?'),
        ("JST-9", 'there is no time zone "JST-9", it needs a name such as Asia/Tokyo or Europe/Berlin'),
        ("", 'there is no time zone "", it needs a name such as Asia/Tokyo or Europe/Berlin'),
        ("../../etc/passwd", "there is no time zone"),
        ("/etc/localtime", "there is no time zone"),
        ("Asia", "there is no time zone"),
        ("a\0b", "there is no time zone"),
        ("日本", "there is no time zone"),
        ("x" * 5000, "there is no time zone"),
    ],
)
def test_a_name_that_is_none(name: str, message: str) -> None:
    with pytest.raises(ZoneError) as caught:
        zone_named(name)
    assert message in str(caught.value)


@pytest.mark.parametrize("written", ["Asia/Tokyo", ":Asia/Tokyo"])
def test_the_environment_comes_first(written: str, tmp_path: Path) -> None:
    localtime = tmp_path / "localtime"
    localtime.symlink_to("/usr/share/zoneinfo/Europe/Berlin")

    assert system_zone({"TZ": written}, localtime).key == "Asia/Tokyo"


def test_a_variable_that_is_no_name_is_told() -> None:
    with pytest.raises(ZoneError, match=r"^\$TZ cannot be used: .*JST-9.*; or set time_zone in the config$"):
        system_zone({"TZ": "JST-9"})


@pytest.mark.parametrize("environ", [{}, {"TZ": ""}])
def test_the_link_of_the_system(environ: dict[str, str], tmp_path: Path) -> None:
    folder = tmp_path / "zoneinfo/Asia"
    folder.mkdir(parents=True)
    shutil.copy(TOKYO_FILE, folder / "Tokyo")
    (tmp_path / "localtime").symlink_to(folder / "Tokyo")

    assert system_zone(environ, tmp_path / "localtime").key == "Asia/Tokyo"


def test_a_copy_has_the_rules_though_no_name(tmp_path: Path) -> None:
    shutil.copy(TOKYO_FILE, tmp_path / "localtime")

    zone = system_zone({}, tmp_path / "localtime")

    assert instant(NOON, zone) == instant(NOON, zone_named("Asia/Tokyo"))


def test_without_anything_it_is_utc(tmp_path: Path) -> None:
    assert system_zone({}, tmp_path / "localtime").key == "UTC"


def test_a_file_that_is_no_zone_is_told(tmp_path: Path) -> None:
    (tmp_path / "localtime").write_bytes(b"Tokyo")

    with pytest.raises(ZoneError, match=r"localtime holds no time zone: set time_zone in the config$"):
        system_zone({}, tmp_path / "localtime")


def test_this_system_has_one() -> None:
    assert system_zone() is not None
