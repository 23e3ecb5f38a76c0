"""Sums that nobody can take apart: numbers in fixed point, each node's hidden under masks that cancel in the sum.

Bonawitz et al., "Practical Secure Aggregation for Privacy-Preserving Machine Learning" (CCS 2017), without the shares
of keys that let survivors unmask a lost node: a round without it is asked again, under new masks. Keys are agreed by
X25519, masks are ChaCha20 streams; both are of the library cryptography.
"""

import hmac
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from commonweal.agents.arrays import Floats
from commonweal.agents.errors import InputError
from commonweal.economy.wire.message import WireError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

Words: TypeAlias = NDArray[np.uint64]  # numbers modulo 2⁶⁴

BITS = 40  # behind the binary point
_PURPOSE = b"commonweal wire: masks"
_WIDTH = 32  # bytes of a key


def to_fixed(values: Floats, summands: int = 1, bits: int = BITS) -> Words:
    """Numbers in fixed point, modulo 2⁶⁴.

    Args:
        values: any shape.
        summands: how many such numbers are added at most.
        bits: behind the binary point; each number is off by at most 2^-(bits + 1).

    Raises:
        WireError: if a sum could leave the range.
    """
    most = 2.0 ** (62 - bits) / max(summands, 1)
    largest = np.abs(values).max(initial=0.0)
    if not largest <= most:
        raise WireError(f"numbers of up to {largest:.3g} cannot be summed in secret: must be at most {most:.3g}")
    fixed: Words = np.rint(np.asarray(values, dtype=np.float64) * 2.0**bits).astype(np.int64).view(np.uint64)
    return fixed


def demand_in_range(sums: Floats, bits: int = BITS) -> None:
    """Sums that masks have left as they should be: half of all words are outside the range of ``to_fixed``.

    Raises:
        InputError: if some are outside, so that masks cannot have cancelled.
    """
    if not np.abs(sums).max(initial=0.0) <= 2.0 ** (62 - bits):
        raise InputError(
            "learning.wire: the masks of a sum do not cancel; some node hides what it was not asked, and a secret sum "
            "does not tell which"
        )


def from_fixed(words: Words, bits: int = BITS) -> Floats:
    """The numbers that fixed point stands for."""
    numbers: Floats = np.ascontiguousarray(words, dtype=np.uint64).view(np.int64).astype(np.float64) * 2.0**-bits
    return numbers


class Keys:
    """A node's secret: it agrees on a key with every other node, and hides numbers under masks."""

    def __init__(self) -> None:
        self._own: X25519PrivateKey = _x25519().X25519PrivateKey.generate()
        self._agreed: dict[int, bytes] = {}
        self._newest = -1  # number of the last question that was answered in secret

    @property
    def public(self) -> bytes:
        """What others agree on a key with."""
        return bytes(self._own.public_key().public_bytes_raw())

    def agree(self, others: Mapping[int, bytes]) -> None:
        """Agree on a key with others.

        Args:
            others: public keys by number of the node.

        Raises:
            WireError: if one is no key.
        """
        try:
            self._agreed = {node: self._key(public) for node, public in others.items()}
        except ValueError:
            raise WireError("a public key that is none") from None

    def agreed(self, other: int) -> bytes:
        """The key that is agreed with another.

        Raises:
            WireError: if there is none.
        """
        if other not in self._agreed:
            raise WireError(f"no key is agreed with node {other}")
        return self._agreed[other]

    def _key(self, public: bytes) -> bytes:
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF

        shared = self._own.exchange(_x25519().X25519PublicKey.from_public_bytes(public))
        pair = b"".join(sorted((self.public, public)))
        return bytes(HKDF(SHA256(), _WIDTH, salt=pair, info=_PURPOSE).derive(shared))

    def hide(self, values: Words, own: int, among: Sequence[int], question: int, about: bytes = b"") -> Words:
        """Numbers under masks that cancel in the sum of all nodes.

        Args:
            values: (n,) modulo 2⁶⁴.
            own: number of this node.
            among: all nodes that answer this question, this one too.
            question: its number; no mask is used twice.
            about: what else all must have been asked, or masks do not cancel.

        Raises:
            WireError: if the question is not newer than the last, nobody else answers it, or no key is agreed with one.
        """
        others = [node for node in among if node != own]
        if question <= self._newest:
            raise WireError(f"question {question} was answered in secret already")
        if not others:
            raise WireError("a sum over one node is no secret")
        keys = {node: self.agreed(node) for node in others}
        self._newest = question
        hidden = values.copy()
        for node, key in keys.items():
            mask = stream(_bound(key, about), question, len(values))
            hidden += mask if own < node else np.uint64(0) - mask
        return hidden


def _bound(key: bytes, about: bytes) -> bytes:
    """A key that two agree on only where both were asked the same."""
    return hmac.digest(key, about, "sha256") if about else key


def stream(key: bytes, number: int, count: int) -> Words:
    """(count,) random words that only a key tells, other ones for each number."""
    from cryptography.hazmat.primitives.ciphers import Cipher
    from cryptography.hazmat.primitives.ciphers.algorithms import ChaCha20

    nonce = bytes(4) + number.to_bytes(12, "little")  # a block counter of 4 bytes comes first
    cipher = Cipher(ChaCha20(key, nonce), mode=None).encryptor()
    return np.frombuffer(cipher.update(bytes(8 * count)), dtype="<u8").copy()


def _x25519() -> Any:
    try:
        from cryptography.hazmat.primitives.asymmetric import x25519
    except ImportError:
        raise InputError(
            "learning.wire = 'secure' and 'two-servers' need the extra 'cluster': pip install 'commonweal[cluster]'"
        ) from None
    return x25519
