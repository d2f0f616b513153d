"""Reads and writes the bound framing with Python's `cryptography` alone, to hold the service's own code against.

    independent.py seal|open OWN_PRIVATE_PEM PEER_PUBLIC_PEM ANALYSIS SENDER RECEIVER  < in > out

The ids are UUIDs; the keys are files. Ends with 1 and no output for a file that is not authentic.
"""

import os
import sys
import uuid

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.kdf.hkdf import HKDF, HKDFExpand
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

MAGIC = b"FLAMEv2\n"
LABEL = b"c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\0"
CHUNK = 16 * 1024


def input_key(own_path: str, peer_path: str) -> bytes:
    with open(own_path, "rb") as own, open(peer_path, "rb") as peer:
        secret = load_pem_private_key(own.read(), None).exchange(ec.ECDH(), load_pem_public_key(peer.read()))
    return HKDF(SHA512(), 32, salt=None, info=b"flame-result/bound/v2").derive(secret)


def file_keys(key: bytes, salt: bytes, context: bytes) -> tuple[bytes, int, bytes]:
    derived = HKDFExpand(SHA512(), 32 + 12 + 32, LABEL + salt + context).derive(key)
    return derived[:32], int.from_bytes(derived[32:44], "big"), derived[44:]


def nonce(base: int, number: int) -> bytes:
    return (base ^ number).to_bytes(12, "big")


def seal(key: bytes, context: bytes, plain: bytes) -> bytes:
    salt = os.urandom(24)
    message_key, base, commitment = file_keys(key, salt, context)
    count = len(plain) // CHUNK + 1
    pieces = (plain[at * CHUNK : (at + 1) * CHUNK] for at in range(count))
    chunks = (AESGCM(message_key).encrypt(nonce(base, at), piece, None) for at, piece in enumerate(pieces))
    return MAGIC + salt + commitment + b"".join(chunks)


def open_sealed(key: bytes, context: bytes, sealed: bytes) -> bytes:
    message_key, base, commitment = file_keys(key, sealed[8:32], context)
    if sealed[:8] != MAGIC or sealed[32:64] != commitment:
        raise InvalidTag
    body, size = sealed[64:], CHUNK + 16
    chunks = [body[at : at + size] for at in range(0, len(body), size)]
    if not chunks or len(chunks[-1]) == size:
        raise InvalidTag
    return b"".join(AESGCM(message_key).decrypt(nonce(base, at), chunk, None) for at, chunk in enumerate(chunks))


if __name__ == "__main__":
    direction, own, peer, *ids = sys.argv[1:]
    work = {"seal": seal, "open": open_sealed}[direction]
    bound_to = b"".join(uuid.UUID(text).bytes for text in ids)
    try:
        sys.stdout.buffer.write(work(input_key(own, peer), bound_to, sys.stdin.buffer.read()))
    except InvalidTag:
        sys.exit(1)
