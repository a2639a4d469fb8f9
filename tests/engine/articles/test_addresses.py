"""Links and addresses that are opened, and those that never are."""

import pytest

from engine.articles.addresses import check_address, check_url
from engine.articles.problems import Problem
from engine.errors import LinkRefusedError


@pytest.mark.parametrize(
    ("written", "opened"),
    [
        ("https://example.org/a?b=c#d", "https://example.org/a?b=c"),
        ("example.org/a", "https://example.org/a"),
        ("//example.org", "https://example.org"),
        ("  HTTP://Example.ORG:80/  ", "http://example.org/"),
        ("https://example.org:443/x", "https://example.org/x"),
        ("https://example.org/?next=http://a.example@b/", "https://example.org/?next=http://a.example@b/"),
        ("https://bücher.example/über", "https://xn--bcher-kva.example/%C3%BCber"),
    ],
)
def test_reads_a_link_as_it_was_meant(written: str, opened: str):
    assert str(check_url(written)) == opened


@pytest.mark.parametrize(
    ("link", "problem"),
    [
        ("", Problem.NO_LINK),
        ("https://", Problem.NO_LINK),
        ("https:///path", Problem.NO_LINK),
        ("https://example.org/" + "a" * 2000, Problem.NO_LINK),
        ("file:///etc/passwd", Problem.NOT_HTTP),
        ("ftp://example.org/", Problem.NOT_HTTP),
        ("gopher://example.org:70/_x", Problem.NOT_HTTP),
        ("javascript:alert(1)", Problem.NOT_HTTP),
        ("data:text/html,<p>hello</p>", Problem.NOT_HTTP),
        ("mailto:someone@example.org", Problem.NOT_HTTP),
        ("tg://resolve?domain=example", Problem.NOT_HTTP),
        ("https://example.org:22/", Problem.PORT),
        ("https://example.org:6379/", Problem.PORT),
        ("http://user@example.org/", Problem.ODD_ADDRESS),
        ("http://example.org:80@127.0.0.1/", Problem.ODD_ADDRESS),
        ("http://127.0.0.1\\@example.org/", Problem.ODD_ADDRESS),
        ("http://example.org%2f@127.0.0.1/", Problem.ODD_ADDRESS),
        ("http://exam\tple.org/", Problem.ODD_ADDRESS),
        ("http://example.org/\r\nHost: localhost", Problem.ODD_ADDRESS),
        ("http://exam\u202eple.org/", Problem.ODD_ADDRESS),
        ("http://exam\u200bple.org/", Problem.ODD_ADDRESS),
        ("http://127.1/", Problem.ODD_ADDRESS),
        ("http://2130706433/", Problem.ODD_ADDRESS),
        ("http://0x7f000001/", Problem.ODD_ADDRESS),
        ("http://0x7f.1/", Problem.ODD_ADDRESS),
        ("http://0177.0.0.1/", Problem.ODD_ADDRESS),
        ("http://0/", Problem.ODD_ADDRESS),
        ("http://127.0.0.1.:99999/", Problem.ODD_ADDRESS),
        ("http://[::1/", Problem.ODD_ADDRESS),
    ],
)
def test_refuses_a_link_with_its_reason(link: str, problem: Problem):
    with pytest.raises(LinkRefusedError) as caught:
        check_url(link)

    assert caught.value.args == (problem,)


def test_a_private_setting_opens_other_ports_but_no_other_form():
    assert check_url("http://127.0.0.1:8080/", allow_private=True).port == 8080
    with pytest.raises(LinkRefusedError):
        check_url("http://user@127.0.0.1:8080/", allow_private=True)


@pytest.mark.parametrize("address", ["93.184.216.34", "1.1.1.1", "2606:4700::1111", "::ffff:1.1.1.1"])
def test_lets_public_addresses_pass(address: str):
    check_address(address)


PRIVATE = [
    "127.0.0.1",
    "127.8.8.8",
    "0.0.0.0",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "100.100.100.200",
    "168.63.129.16",
    "192.0.0.192",
    "192.88.99.1",
    "198.18.0.1",
    "203.0.113.7",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::7f00:1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1",
    "2001::1",
    "2002:a9fe:a9fe::",
    "2001:db8::1",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "not an address",
]


@pytest.mark.parametrize("address", PRIVATE)
def test_refuses_addresses_that_lead_inside(address: str):
    with pytest.raises(LinkRefusedError) as caught:
        check_address(address)

    assert caught.value.args == (Problem.PRIVATE_ADDRESS,)


@pytest.mark.parametrize("address", ["127.0.0.1", "192.168.1.1", "::1", "fc00::1"])
def test_a_private_setting_lets_local_addresses_pass(address: str):
    check_address(address, allow_private=True)


def test_a_private_setting_does_not_let_multicast_pass():
    with pytest.raises(LinkRefusedError):
        check_address("224.0.0.1", allow_private=True)
