# SPDX-License-Identifier: GPL-3.0-or-later
"""Which texts can be a host, and what is wrong with those that cannot."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.protocols.host_name import asked_as, fault


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "localhost.",
        "my_box.local",
        "müller.example",
        "127.0.0.1",
        "127.1",
        "0.0.0.0",
        "::1",
        "fe80::1%eth0",
        "1a.example",
        "4.5.6.example",
        "a" * 63,
    ],
)
def test_what_may_be_a_host(host: str) -> None:
    assert fault(host) == ""


@pytest.mark.parametrize(
    ("host", "why"),
    [
        ("9876", "localhost:9876"),
        ("2130706433", "four numbers"),
        ("127.0.0", "fewer"),
        ("192.168.1", "fewer"),
        ("127.0.0.1.", "a dot in it is too many"),
        (".127.0.0.1", "a dot in it is too many"),
        ("127.0.0.256", "0 to 255"),
        ("1.2.3.4.5", "four numbers"),
        ("127.0.0.01", "begins with 0"),
        ("fe80::1", "fe80::1%eth0"),
        ("a" * 64, "longer than 63"),
        ("ü" * 64, "longer than 63"),
        ("a..b", "a dot in it is too many"),
        ("a\x00b", "a letter in it"),
        ("a b", "a letter in it"),
        ("\ud800", "a letter in it"),
        ("\u2028", "a letter in it"),
        ("9" * 5000, "longer than the 253"),
    ],
)
def test_what_is_no_host(host: str, why: str) -> None:
    assert why in fault(host)


def test_other_letters() -> None:
    assert asked_as("müller.example") == "xn--mller-kva.example"
    assert asked_as("MyBox") == "MyBox"


@given(st.ip_addresses(v=4))
def test_every_ipv4_address_is_one(address: ipaddress.IPv4Address) -> None:
    assert fault(str(address)) == ""


@given(st.text(max_size=300))
def test_no_text_harms(host: str) -> None:
    if not fault(host):
        assert asked_as(host).isascii()
