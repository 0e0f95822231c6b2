"""Ids for people: `p-` and 12 letters and digits, which say nothing about who it is."""

from __future__ import annotations

import base64
import hashlib
import secrets
from typing import Final

from tertulia.domain.ids import CohortId, PersonId

_CHARS: Final = 12
_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz234567"


def person_id(secret: bytes, cohort: CohortId, name: str) -> PersonId:
    """Always the same id for this name in this cohort, for tokens made on the command line: asked again, it is the same
    person. Without the secret it cannot be guessed from the name. `name` is clean already (`text.clean_line`)."""
    key = hashlib.blake2b(secret, person=b"tertulia-people").digest()
    digest = hashlib.blake2b(f"{cohort}\0{name}".encode(), key=key, digest_size=10).digest()
    return PersonId(f"p-{base64.b32encode(digest).decode().lower()[:_CHARS]}")


def new_person_id() -> PersonId:
    """For who joins by a link: two people of one name are two."""
    return PersonId("p-" + "".join(secrets.choice(_LETTERS) for _ in range(_CHARS)))
