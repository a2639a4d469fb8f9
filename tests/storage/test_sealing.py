import pytest

from storage.errors import SealError
from storage.sealing import OVERHEAD_BYTES, is_sealed, new_secret, seal, unseal

CONTENT = b"okavangoweights " * 100


def test_only_the_secret_opens_what_it_has_sealed():
    secret = new_secret()
    sealed = seal(CONTENT, secret)

    assert is_sealed(sealed)
    assert b"okavango" not in sealed
    assert len(sealed) == len(CONTENT) + OVERHEAD_BYTES
    assert unseal(sealed, secret) == CONTENT
    assert seal(CONTENT, secret) != sealed  # a nonce is never used twice
    for wrong in (new_secret(), None):
        with pytest.raises(SealError):
            unseal(sealed, wrong)


def test_without_a_secret_content_stays_plain_and_plain_content_needs_none():
    assert seal(CONTENT, None) == CONTENT
    assert unseal(CONTENT, None) == unseal(CONTENT, new_secret()) == CONTENT


def test_no_bit_can_be_changed_and_no_byte_be_missing():
    secret = new_secret()
    sealed = seal(b"weights", secret)
    mark = len(seal(b"", secret)) - 28
    for place in range(mark, len(sealed)):
        changed = bytearray(sealed)
        changed[place] ^= 1
        with pytest.raises(SealError):
            unseal(bytes(changed), secret)
    for length in range(mark, len(sealed)):
        with pytest.raises(SealError):
            unseal(sealed[:length], secret)
