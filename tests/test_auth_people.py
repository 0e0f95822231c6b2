"""Ids for people: the same name on the command line is the same person; who joins is someone new."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tertulia.auth.people import new_person_id, person_id
from tertulia.domain.ids import CohortId, is_id

SECRET = b"0123456789abcdef0123456789abcdef"
NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60)


@given(NAMES, st.binary(min_size=32, max_size=200))
def test_an_id_is_the_same_each_time_and_a_valid_id(name: str, secret: bytes) -> None:
    id = person_id(secret, CohortId("demo"), name)
    assert id == person_id(secret, CohortId("demo"), name)
    assert is_id(id)
    assert len(id) == len("p-") + 12


def test_an_id_depends_on_secret_cohort_and_name() -> None:
    ids = {
        person_id(secret, CohortId(cohort), name)
        for secret in (SECRET, SECRET + b"x", SECRET[::-1])
        for cohort in ("demo", "demo2")
        for name in ("Ana", "ana", "Ben")
    }
    assert len(ids) == 18


def test_an_id_stays_what_it_is() -> None:
    """People made by `tertulia token` yesterday must be themselves after an upgrade."""
    assert person_id(SECRET, CohortId("demo"), "Ana") == "p-zzotv4bp3hpp"


def test_new_people_are_told_apart() -> None:
    ids = {new_person_id() for _ in range(1_000)}
    assert len(ids) == 1_000
    assert all(is_id(id) and len(id) == 14 for id in ids)
