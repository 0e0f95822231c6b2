"""Who readers see when somebody speaks: themself, or the alias they have in this room. Called by `decide_room`.

An alias is given at its first use and stays. It is drawn from chance and from the aliases others have, never from the
person. That it was taken is said after what was said with it: the receipt names the first event.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import NamedTuple

from tertulia.domain import limits
from tertulia.domain.alias import alias_from
from tertulia.domain.decision import Asker, Decision, Happening
from tertulia.domain.ids import PersonId, room_signals_stream, room_staff_stream, user_stream
from tertulia.domain.refusals import Refusal
from tertulia.domain.room import RoomState
from tertulia.domain.session.commands import TakeAlias, UnmaskAlias
from tertulia.domain.session.events import AliasTaken, AliasUnmasked
from tertulia.domain.text import clean_reason


class Speaker(NamedTuple):
    """`by`: who readers see. `happenings`: the alias was taken just now."""

    by: PersonId
    happenings: tuple[Happening, ...] = ()


def speaker(state: RoomState, asker: Asker, *, alias: bool, new_id: str) -> Speaker | Refusal:
    """`new_id`: random, and shown to nobody, else an alias could be told from what else bears it."""
    if not alias:
        return Speaker(asker.person)
    if state.anonymity == "off" or asker.role == "bot":
        return Refusal("alias_not_allowed")
    session = state.session
    known = session.aliases.get(asker.person)
    seals = state.anonymity == "anonymous"
    if known is not None and (known.sealed or not seals):
        return Speaker(PersonId(known.alias))
    if len(session.behind) >= limits.aliases_max:
        return Refusal("too_many", "This room has no more aliases to give.")
    taken = AliasTaken(room=state.room, alias=alias_from(_token(new_id), session.behind), person=asker.person)
    told = (room_signals_stream if seals else room_staff_stream)(state.room)
    mine = user_stream(asker.person)
    # By the person: both streams say who it is anyway, and nobody else reads them.
    happenings = (Happening(mine, taken, asker.person), Happening(told, taken, asker.person))
    return Speaker(PersonId(taken.alias), happenings)


def take(state: RoomState, command: TakeAlias, *, asker: Asker, new_id: str) -> Decision | Refusal:
    if state.closed:
        return Refusal("room_closed")
    given = speaker(state, asker, alias=True, new_id=new_id)
    if isinstance(given, Refusal):
        return given
    return Decision(user_stream(asker.person), given.happenings)


def unmask(state: RoomState, command: UnmaskAlias, *, asker: Asker) -> Decision | Refusal:
    """Staff look behind an alias, and the person is told who did and why."""
    person = state.session.behind.get(command.alias)
    if person is None:
        return Refusal("unknown_alias")
    if state.session.is_sealed(command.alias):
        return Refusal("alias_sealed")
    reason = clean_reason(command.reason)
    if reason is None:
        return Refusal("reason_required")
    unmasked = AliasUnmasked(room=state.room, alias=command.alias, person=person, reason=reason)
    staff = room_staff_stream(state.room)
    return Decision(staff, (Happening(staff, unmasked), Happening(user_stream(person), unmasked)))


def _token(new_id: str) -> str:
    return blake2b(new_id.encode(), digest_size=16).hexdigest()
