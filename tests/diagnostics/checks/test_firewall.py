# SPDX-License-Identifier: GPL-3.0-or-later
"""Real rules of a real packet filter, in network namespaces of their own; the rules of this machine stay untouched."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]

pytestmark = [pytest.mark.lab, pytest.mark.skipif(sys.platform != "linux", reason="Linux's packet filter")]

_INSIDE = """
ip link set lo up && ip link add lan type veth peer name far || exit 99
ip address add 192.0.2.7/24 dev lan && ip link set lan up && ip link set far up || exit 99
ip route add default via 192.0.2.1 dev lan || exit 99
"$1" -m http.server 9876 --bind 127.0.0.1 >/dev/null 2>&1 &
until "$1" -c 'import socket; socket.create_connection(("127.0.0.1", 9876))' 2>/dev/null; do :; done
eval "$2" || exit 98
"$1" -m diagnostics --only network --format json --host "$3" --port 9876 --deadline 20
kill $!
"""
_TABLE = "nft add table inet t; nft add chain inet t c '{ type filter hook %s priority 0; policy %s; }'; "


def report(rules: str, host: str = "127.0.0.1", *options: str) -> dict[str, Any]:
    """The doctor's report in a namespace with these rules, and a listener on 127.0.0.1:9876."""
    path = "/usr/sbin:/sbin:/usr/bin:/bin"
    for program in ("unshare", "nft", "iptables", "ip", "ufw"):
        if shutil.which(program, path=path) is None:
            pytest.skip(f"there is no {program}")
    environ = {"PATH": path, "HOME": "/nonexistent", "LANG": "C.UTF-8"}
    argv = ["unshare", "--net", *options, "sh", "-c", _INSIDE, "sh", sys.executable, rules, host]
    ended = subprocess.run(argv, capture_output=True, text=True, cwd=ROOT, timeout=90, check=False, env=environ)
    if "Operation not permitted" in ended.stderr:
        pytest.skip(f"this user may not: {ended.stderr.strip()}")
    assert ended.stdout, ended.stderr
    return dict(json.loads(ended.stdout))


@pytest.mark.parametrize(
    ("rules", "rule", "fix"),
    [
        (
            _TABLE % ("input", "accept") + "nft add rule inet t c tcp dport 9876 drop",
            "tcp dport 9876 drop",
            "sudo nft insert rule inet t c tcp dport 9876 accept",
        ),
        (
            _TABLE % ("input", "accept") + "nft add rule inet t c tcp dport '{ 80, 9000-9999 }' counter reject",
            "reject",
            "sudo nft insert rule inet t c tcp dport 9876 accept",
        ),
        (
            _TABLE % ("input", "accept") + "nft add rule inet t c tcp dport 9876 reject with tcp reset",
            "reject with tcp reset",
            "sudo nft insert rule inet t c tcp dport 9876 accept",
        ),
        (
            _TABLE % ("output", "drop") + "nft add rule inet t c tcp dport 22 accept",
            "policy drop",
            "sudo nft insert rule inet t c tcp dport 9876 accept",
        ),
        (
            "iptables -A INPUT -p tcp --dport 9876 -j DROP",
            "tcp dport 9876",
            "sudo iptables -I INPUT -p tcp --dport 9876 -j ACCEPT",
        ),
        (
            "iptables -N user; iptables -A OUTPUT -j user; iptables -A user -p tcp --dport 9876 -j REJECT",
            "tcp dport 9876",
            "dport 9876",
        ),
    ],
    ids=["drop", "set", "reset", "policy", "iptables", "iptables-chain"],
)
def test_a_rule_that_stops_it(rules: str, rule: str, fix: str) -> None:
    told = report(rules)
    assert told["root_cause"] == "network.filtered"
    finding = told["findings"][0]
    assert rule in finding["evidence"]["rule"]
    assert fix in finding["remedies"][0]["text"]
    assert ["nft", "-j", "list", "ruleset"] in [[Path(argv[0]).name, *argv[1:]] for argv in told["did"]["started"]]


@pytest.mark.parametrize(
    "rules",
    [
        _TABLE % ("input", "accept") + "nft add rule inet t c tcp dport 9877 drop",
        _TABLE % ("input", "drop") + "nft add rule inet t c iif lo accept",
        "iptables -A INPUT -p udp --dport 9876 -j DROP",
    ],
    ids=["another-port", "loopback-passes", "another-protocol"],
)
def test_rules_that_let_it_pass(rules: str) -> None:
    told = report(rules)
    assert "network.filtered" not in [found["id"] for found in told["findings"]]
    assert told["did"]["started"] == [], "a connection that works needs no look at the rules"


def test_a_loopback_that_is_cut_off_for_everybody() -> None:
    told = report(_TABLE % ("input", "accept") + "nft add rule inet t c meta mark != 7 iif lo drop")
    assert told["root_cause"] == "network.loopback-broken"


def test_a_remote_host_behind_a_rule_of_ours() -> None:
    rules = _TABLE % ("output", "accept") + "nft add rule inet t c ip daddr 198.51.100.0/24 drop"
    told = report(rules, "198.51.100.9")
    assert told["root_cause"] == "network.filtered"
    assert "198.51.100.0/24" in told["findings"][0]["evidence"]["rule"]


def _copy_of_ufw(folder: Path) -> None:
    if not Path("/etc/ufw").is_dir():
        pytest.skip("there is no ufw")
    shutil.copytree("/etc/ufw", folder / "ufw")


def test_ufw(tmp_path: Path) -> None:
    """The real ufw with a configuration of its own, in a mount namespace."""
    _copy_of_ufw(tmp_path)
    rules = (
        f"mount --bind {tmp_path}/ufw /etc/ufw && ufw --force enable >/dev/null 2>&1"
        " && ufw deny out 9876/tcp >/dev/null"
    )
    told = report(rules, "198.51.100.9", "--mount")
    assert told["root_cause"] == "network.filtered"
    assert told["findings"][0]["remedies"][0]["text"] == "sudo ufw insert 1 allow out 9876/tcp"


def test_ufw_that_denies_another_port(tmp_path: Path) -> None:
    _copy_of_ufw(tmp_path)
    rules = f"mount --bind {tmp_path}/ufw /etc/ufw && ufw --force enable >/dev/null 2>&1 && ufw deny out 9877/tcp >&2"
    assert report(rules, "198.51.100.9", "--mount")["root_cause"] != "network.filtered"
