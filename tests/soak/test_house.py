"""Nothing of a house is left behind."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.soak.__main__ import main
from tests.soak.house import House


def test_a_house_whose_broker_does_not_start_leaves_no_disk_mounted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = House(tmp_path / "house", {}, start=0.0)

    def fail() -> Any:
        assert house.disk.is_mount() is house.can_fill
        raise RuntimeError

    monkeypatch.setattr(house.broker, "start", fail)
    with pytest.raises(RuntimeError), house:
        pass
    assert not house.disk.is_mount()


def test_another_life_s_folder_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "clock").touch()
    monkeypatch.setattr("sys.argv", ["soak", "--keep", str(tmp_path)])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert "is not empty" in capsys.readouterr().err
