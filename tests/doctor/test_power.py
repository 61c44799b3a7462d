from __future__ import annotations

from pathlib import Path

import pytest

from hayakoe_daemon.doctor.power import examine_power
from tests.doctor.house import machine, told

MODEL = {"proc/device-tree/model": "Raspberry Pi 4 Model B Rev 1.5\0"}
THROTTLED = "sys/devices/platform/soc/soc:firmware/get_throttled"


@pytest.mark.parametrize(
    ("bits", "verdict", "says"),
    [
        ("0\n", "ok", "neither throttled"),
        ("50005\n", "failure", "the supply is too weak, it is throttled right now"),
        ("50000\n", "warning", "since it was started the supply was too weak, it was throttled"),
        ("80000\n", "warning", "soft heat limit"),
    ],
)
def test_what_the_firmware_notes(tmp_path: Path, bits: str, verdict: str, says: str) -> None:
    [(found, means)] = told(examine_power(machine(tmp_path, MODEL | {THROTTLED: bits})))
    assert found == verdict
    assert says in means
    assert means.startswith("Raspberry Pi 4 Model B Rev 1.5: ")


def test_a_raspberry_pi_5_notes_it_elsewhere(tmp_path: Path) -> None:
    noted = "sys/devices/platform/soc@107c000000/soc@107c000000:firmware/get_throttled"
    [(_, means)] = told(examine_power(machine(tmp_path, MODEL | {noted: "50000\n"})))
    assert "since it was started the supply was too weak" in means


def test_the_firmware_s_own_command_is_asked_where_the_kernel_does_not_tell(tmp_path: Path) -> None:
    asked = machine(tmp_path, MODEL, {"vcgencmd": '[ "$1" = get_throttled ] && echo throttled=0x50000'})
    assert told(examine_power(asked))[0][0] == "warning"


@pytest.mark.parametrize(("alarm", "verdict"), [("1", "failure"), ("0", "ok")])
def test_else_the_kernel_s_alarm(tmp_path: Path, alarm: str, verdict: str) -> None:
    files = {"sys/class/hwmon/hwmon1/name": "rpi_volt\n", "sys/class/hwmon/hwmon1/in0_lcrit_alarm": f"{alarm}\n"}
    assert [one for one, _ in told(examine_power(machine(tmp_path, MODEL | files)))] == [verdict]


def test_a_board_that_does_not_tell_is_a_warning_and_a_pc_is_none(tmp_path: Path) -> None:
    assert [one for one, _ in told(examine_power(machine(tmp_path / "pi", MODEL)))] == ["warning"]
    assert [one for one, _ in told(examine_power(machine(tmp_path / "pc", {"proc/uptime": "1 1"})))] == ["ok"]


def test_heat(tmp_path: Path) -> None:
    hot = {"sys/class/thermal/thermal_zone0/temp": "45000\n", "sys/class/thermal/thermal_zone1/temp": "84500\n"}
    pi = machine(tmp_path / "pi", MODEL | hot)
    assert told(examine_power(pi))[0] == ("warning", "84 °C: it slows down at such heat")
    pc = tmp_path / "pc"
    assert told(examine_power(machine(pc, hot)))[0] == ("ok", "84 °C")
    (pc / "sys/class/thermal/thermal_zone1/temp").write_text("97000\n")
    assert told(examine_power(machine(pc)))[0] == ("warning", "97 °C: it slows down at such heat")
