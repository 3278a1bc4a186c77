import pytest

from api.webhooks.addresses import ForbiddenAddress, check_host, resolve


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1",
        "fd00::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "localhost",
        "a.localhost",
    ],
)
def test_private_address_is_rejected(host: str) -> None:
    with pytest.raises(ForbiddenAddress, match="TRAINYARD_WEBHOOK_PRIVATE_ADDRESSES=true"):
        check_host(host, allow_private=False)
    check_host(host, allow_private=True)


@pytest.mark.parametrize("host", ["93.184.216.34", "2606:2800:220:1::1", "example.org", "64:ff9b::5db8:d822"])
def test_public_address_is_accepted(host: str) -> None:
    check_host(host, allow_private=False)


@pytest.mark.parametrize("host", ["localhost", "127.1", "2130706433", "0x7f.1"])
def test_resolved_private_address_is_rejected(host: str) -> None:
    with pytest.raises(ForbiddenAddress):
        resolve(host, 80, allow_private=False)


def test_resolved_address_is_the_one_to_connect_to() -> None:
    assert resolve("127.0.0.1", 80, allow_private=True) == "127.0.0.1"
    assert resolve("93.184.216.34", 80, allow_private=False) == "93.184.216.34"
