"""Files encrypted at rest, each under a random secret of its own that only the encrypted database keeps.

So a new database key needs no file to be written anew, and without its row a file can never be read again.
"""

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from storage.errors import SealError

_MAGIC = b"mynah sealed 1\n"
_NONCE_BYTES = 12

OVERHEAD_BYTES = len(_MAGIC) + _NONCE_BYTES + 16
"""By how much a sealed file is longer: mark, nonce and the tag that authenticates it."""


def new_secret() -> bytes:
    """A random key of 256 bits."""
    return os.urandom(32)


def seal(content: bytes, secret: bytes | None) -> bytes:
    """Encrypt and authenticate with AES-256-GCM; without a secret the content stays plain."""
    if secret is None:
        return content
    nonce = os.urandom(_NONCE_BYTES)
    return _MAGIC + nonce + AESGCM(secret).encrypt(nonce, content, _MAGIC)


def is_sealed(content: bytes) -> bool:
    """Whether this is what `seal` makes with a secret."""
    return content.startswith(_MAGIC)


def unseal(content: bytes, secret: bytes | None) -> bytes:
    """What was sealed; plain content is given back as it is.

    Raises SealError for another secret, for none, and for content that was changed.
    """
    if not is_sealed(content):
        return content
    if secret is None:
        raise SealError("it is encrypted, and its secret is not known")
    nonce, sealed = content[len(_MAGIC) :][:_NONCE_BYTES], content[len(_MAGIC) + _NONCE_BYTES :]
    try:
        return AESGCM(secret).decrypt(nonce, sealed, _MAGIC)
    except (InvalidTag, ValueError) as error:
        raise SealError("it is encrypted with another secret, or damaged") from error
