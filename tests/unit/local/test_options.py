import pytest

from local.__main__ import Options
from local.failures import LocalCloudError


def test_without_options_the_cloud_uses_the_usual_port_and_stays_up() -> None:
    assert Options.of({}) == Options(port=4566, once=False, year=True)


def test_a_chosen_port_and_once_are_used() -> None:
    assert Options.of({"PORT": "4600", "ONCE": "1"}) == Options(port=4600, once=True, year=False)


def test_a_year_can_be_left_out() -> None:
    assert not Options.of({"YEAR": "0"}).year


def test_once_can_be_switched_off() -> None:
    assert not Options.of({"ONCE": "0"}).once


@pytest.mark.parametrize("port", ["http", "-1", "0", "65536", "4566.0"])
def test_a_value_that_is_no_port_is_refused_in_a_sentence(port: str) -> None:
    with pytest.raises(LocalCloudError, match=r"is not a port\. Choose one from 1 to 65535\."):
        Options.of({"PORT": port})
