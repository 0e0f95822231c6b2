"""Snapshots and lists: a room, a cohort, a person, members, unread counts. One statement each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from tertulia.domain import limits
from tertulia.domain.ids import CohortId, PersonId, RoomId
from tertulia.domain.session.view import HeldView, StaffRoomView
from tertulia.domain.view import CohortView, RoomView, UserView
from tertulia.projections import Unread
from tertulia.projections.asking import Ask, Asking
from tertulia.projections.session_queries import fill_session

_encode = msgspec.json.Encoder().encode
_decode_room = msgspec.json.Decoder(RoomView).decode
_decode_cohort = msgspec.json.Decoder(CohortView).decode
_decode_user = msgspec.json.Decoder(UserView).decode
_decode_staff = msgspec.json.Decoder(StaffRoomView).decode
_decode_held = msgspec.json.Decoder(list[HeldView]).decode
_decode_texts = msgspec.json.Decoder(dict[str, str]).decode
_decode_members = msgspec.json.Decoder(dict[PersonId, dict[str, Any]]).decode
_decode_unread = msgspec.json.Decoder(dict[RoomId, Unread]).decode


def read_room(room: RoomId) -> Asking[tuple[int, RoomView] | None]:
    found = yield Ask("room", {"room": room, "limit": limits.snapshot_messages})
    if found is None:
        return None
    seq, view, texts, votes = found
    room_view = _decode_room(view)
    if room_view.session is not None:
        fill_session(room_view.session, texts, votes)
    return seq, room_view


def read_cohort(cohort: CohortId) -> Asking[tuple[int, CohortView] | None]:
    found = yield Ask("cohort", {"cohort": cohort, "limit": limits.snapshot_members_max})
    return None if found is None else (found[0], _decode_cohort(found[1]))


def read_user(person: PersonId) -> Asking[tuple[int, UserView]]:
    seq, view, texts = yield Ask("user", {"person": person, "limit": limits.snapshot_mentions})
    user_view, said = _decode_user(view), _decode_texts(texts)
    for question in user_view.questions.values():
        question.text = said[question.question]
    return seq, user_view


def read_staff_room(room: RoomId) -> Asking[tuple[int, StaffRoomView]]:
    seq, view, texts, held = yield Ask("staff", {"room": room})
    staff_view, said = _decode_staff(view or "{}"), _decode_texts(texts)
    for asked in staff_view.asked:
        asked.text = said[asked.question]
    staff_view.held = _decode_held(held)
    return seq, staff_view


def read_cohort_of(room: RoomId) -> Asking[CohortId | None]:
    found: CohortId | None = yield Ask("cohort_of", {"room": room})
    return found


def read_members(cohort: CohortId, people: Sequence[PersonId]) -> Asking[dict[PersonId, dict[str, Any]]]:
    found = yield Ask("members", {"cohort": cohort, "people": _encode(list(people)).decode()})
    return _decode_members(found)


def read_unread(person: PersonId, rooms: Sequence[RoomId]) -> Asking[dict[RoomId, Unread]]:
    bindings = {"person": person, "rooms": _encode(list(rooms)).decode(), "limit": limits.unread_count_max}
    found = yield Ask("unread", bindings)
    return _decode_unread(found)
