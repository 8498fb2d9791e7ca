"""Lanes and groups of characters that cannot be meant are refused with the reason."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from rocars.crossing.settings import CONTROL_POINTS, CrossingSettings
from rocars.settings import RocarsSettings

pytestmark = pytest.mark.unit

LANE = {"code": "LMC-OUT-1", "control_point": "LMC", "direction": "outbound", "sign": "1"}


def test_each_control_point_has_lanes_both_ways_unless_told_otherwise() -> None:
    ways = {(lane.control_point, lane.direction) for lane in RocarsSettings().crossing.lanes}
    assert len(ways) == 2 * len(CONTROL_POINTS)
    only = RocarsSettings(control_points=CONTROL_POINTS[:1])
    assert {lane.control_point for lane in only.crossing.lanes} == {"LMC"}


def test_lanes_are_read_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "rocars.toml"
    file.write_text(
        '[[crossing.lanes]]\ncode = "A1"\ncontrol_point = "MKT"\n'
        'direction = "inbound"\nsign = "1"\n'
    )
    (lane,) = RocarsSettings.from_file(file).crossing.lanes
    assert (lane.code, lane.control_point) == ("A1", "MKT")


@pytest.mark.parametrize(
    ("crossing", "why"),
    [
        ({"lanes": [LANE, LANE]}, "a different code for each lane"),
        ({"lanes": [LANE | {"control_point": "XXX"}]}, "XXX, which is in no control_points"),
        ({"lanes": [LANE | {"code": "lane 1"}]}, "code"),
        ({"confused": ["0O", "OQ"]}, "each in one group"),
        ({"confused": ["0o"]}, "capital letters and digits"),
        ({"random_share": 2}, "random_share"),
    ],
)
def test_what_cannot_be_meant_is_refused(crossing: dict[str, object], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        RocarsSettings.model_validate({"crossing": crossing})


def test_no_group_of_characters_may_be_given() -> None:
    assert CrossingSettings(confused=()).confused == ()
