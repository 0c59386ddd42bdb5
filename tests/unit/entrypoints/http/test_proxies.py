"""Trusted proxies are believed, nobody else is, and nothing a client writes passes for theirs."""

import time
from collections.abc import MutableMapping
from typing import Any

import pytest

from entrypoints.http.proxies import LONGEST, BehindProxies, TrustedProxies

PROXIES = ("10.0.0.0/8", "2001:db8:ffff::/48")


async def nowhere(*_: Any) -> None:
    """An application that is not asked."""


def client_of(
    peer: tuple[str, int] | None,
    *headers: tuple[str, str],
    trusted: tuple[str, ...] = PROXIES,
    header: str = "x-forwarded-for",
    kind: str = "http",
) -> tuple[str | None, str]:
    """Whom the application takes for the client, and over which scheme."""
    scope: MutableMapping[str, Any] = {
        "type": kind,
        "client": peer,
        "scheme": "http" if kind == "http" else "ws",
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in headers],
    }
    BehindProxies(nowhere, TrustedProxies(trusted), header).correct(scope)
    client = scope["client"]
    return client[0] if client else None, scope["scheme"]


PROXY = ("10.0.0.1", 4711)


@pytest.mark.parametrize(
    ("value", "client"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("1.1.1.1, 192.0.2.7", "192.0.2.7"),
        ("1.1.1.1, 192.0.2.7, 10.9.9.9", "192.0.2.7"),
        ("10.1.1.1, 192.0.2.7, 10.9.9.9,10.8.8.8", "192.0.2.7"),
        ("10.3.3.3, 10.2.2.2", "10.3.3.3"),
        ("192.0.2.7:51234", "192.0.2.7"),
        ("2001:db8::7", "2001:db8::7"),
        ("[2001:db8::7]:443", "2001:db8::7"),
        ("[2001:DB8::7]", "2001:db8::7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("1.1.1.1, 2001:db8:ffff::1", "1.1.1.1"),
        ("", "10.0.0.1"),
        (",", "10.0.0.1"),
        ("192.0.2.7,", "10.0.0.1"),
        ("192.0.2.7, unknown", "10.0.0.1"),
        ("192.0.2.7, unknown, 10.0.0.2", "10.0.0.2"),
        ("192.0.2.7, 10.0.0.999", "10.0.0.1"),
        ("fe80::1%eth0", "10.0.0.1"),
        ("<script>", "10.0.0.1"),
        ("192.0.2.7:", "10.0.0.1"),
        ("[2001:db8::7", "10.0.0.1"),
        ("0x7f000001", "10.0.0.1"),
        ("192.0.2.07", "10.0.0.1"),
        ("\xff\xfe", "10.0.0.1"),
    ],
)
def test_the_rightmost_address_that_is_no_proxy_is_the_client(value: str, client: str) -> None:
    assert client_of(PROXY, ("x-forwarded-for", value))[0] == client


@pytest.mark.parametrize(
    ("value", "client"),
    [
        ("for=192.0.2.7", "192.0.2.7"),
        ("for=1.1.1.1, for=192.0.2.7;proto=https;by=10.0.0.1", "192.0.2.7"),
        ('For="[2001:db8::7]:4711"', "2001:db8::7"),
        ('for="192.0.2.7:80" ; proto=http', "192.0.2.7"),
        ("for=1.1.1.1,for=192.0.2.7,for=10.2.2.2", "192.0.2.7"),
        ("for=192.0.2.7, for=_hidden", "10.0.0.1"),
        ("for=192.0.2.7, for=unknown", "10.0.0.1"),
        ("for=192.0.2.7, proto=https", "10.0.0.1"),
        ('for="1.1.1.1, for=192.0.2.7', "192.0.2.7"),
        ('for="1.1.1.1", for=", for=192.0.2.7', "192.0.2.7"),
        ('for=", for="[2001:db8::7]:80"', "2001:db8::7"),
        ('x="\\", for=192.0.2.7', "192.0.2.7"),
        ("for=192.0.2.7;", "10.0.0.1"),
        ("for==", "10.0.0.1"),
        ("192.0.2.7", "10.0.0.1"),
        ("", "10.0.0.1"),
    ],
)
def test_the_standard_header_is_read_the_same_way(value: str, client: str) -> None:
    assert client_of(PROXY, ("forwarded", value), header="forwarded")[0] == client


def test_nobody_else_is_believed() -> None:
    told = (("x-forwarded-for", "192.0.2.7"), ("x-forwarded-proto", "https"), ("forwarded", "for=192.0.2.7"))
    assert client_of(("203.0.113.5", 1), *told) == ("203.0.113.5", "http")
    assert client_of(PROXY, *told, trusted=("10.0.0.2",)) == ("10.0.0.1", "http")
    assert client_of(None, *told) == (None, "http")


def test_the_header_that_the_proxies_do_not_write_is_the_clients_own() -> None:
    both = (("forwarded", "for=6.6.6.6;proto=https"), ("x-forwarded-for", "192.0.2.7"))
    assert client_of(PROXY, *both) == ("192.0.2.7", "http")
    assert client_of(PROXY, *both, header="forwarded") == ("6.6.6.6", "https")


def test_lines_of_a_header_are_one_list() -> None:
    assert (
        client_of(PROXY, ("x-forwarded-for", "6.6.6.6"), ("x-forwarded-for", "192.0.2.7"))[0] == "192.0.2.7"
    )


def test_a_unix_socket_is_trusted_when_it_is_listed() -> None:
    told = ("x-forwarded-for", "192.0.2.7")
    assert client_of(None, told, trusted=("unix",))[0] == "192.0.2.7"
    assert client_of(("", 0), told, trusted=("unix",))[0] == "192.0.2.7"
    assert client_of(None, told, trusted=PROXIES)[0] is None
    assert client_of(None, ("x-forwarded-for", "unknown"), trusted=("unix",))[0] is None


def test_an_ipv4_proxy_on_a_socket_for_both_is_known() -> None:
    assert client_of(("::ffff:10.0.0.1", 1), ("x-forwarded-for", "192.0.2.7"))[0] == "192.0.2.7"


@pytest.mark.parametrize(
    ("addresses", "schemes", "scheme"),
    [
        ("192.0.2.7", "https", "https"),
        ("192.0.2.7", "HTTPS", "https"),
        ("192.0.2.7", "ftp", "http"),
        ("192.0.2.7", "https, http", "http"),
        ("192.0.2.7, 10.2.2.2", "https", "https"),
        ("192.0.2.7, 10.2.2.2", "https, http", "https"),
        ("6.6.6.6, 192.0.2.7, 10.2.2.2", "http, https, http", "https"),
        ("", "https", "http"),
    ],
)
def test_the_scheme_is_the_one_the_client_used(addresses: str, schemes: str, scheme: str) -> None:
    told = (("x-forwarded-for", addresses), ("x-forwarded-proto", schemes))
    assert client_of(PROXY, *told)[1] == scheme
    assert client_of(PROXY, *told, kind="websocket")[1] == {"http": "ws", "https": "wss"}[scheme]


@pytest.mark.parametrize("header", ["forwarded", "x-forwarded-for"])
@pytest.mark.parametrize("piece", ["10.0.0.1,", 'for="', ",", 'a="\\",', "for=10.0.0.2,", '="', ' ;,"'])
def test_a_hostile_header_is_read_in_no_time(header: str, piece: str) -> None:
    begun = time.process_time()
    for _ in range(10):
        client_of(PROXY, (header, piece * (30_000 // len(piece))), header=header)
    assert time.process_time() - begun < 10 * LONGEST * 0.0002, "some milliseconds each, however long it is"


@pytest.mark.parametrize("wrong", ["10.0.0.0/33", "proxy.example.org", "10.0.0.1/8", ""])
def test_what_is_no_network_cannot_be_trusted(wrong: str) -> None:
    with pytest.raises(ValueError, match=r"network|host bits"):
        TrustedProxies([wrong])


def test_no_list_trusts_nobody() -> None:
    assert not TrustedProxies([])
    assert TrustedProxies(["unix"])
    assert TrustedProxies(PROXIES)
