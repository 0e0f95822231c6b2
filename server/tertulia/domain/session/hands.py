"""Raised hands: one order for all, the log's; who is called, and who has been heard by it. Called by `decide_room`.

A hand that is called stays up, as the called one, until it is lowered or the next is called. Who was called has been
heard when the next is called, when they post a message (talk.py), when staff lower their hand and when the session
closes: `hand_lowered` says `heard` then, and it counts once. One who lowers their own called hand was not.
"""

from __future__ import annotations

from collections.abc import Mapping

from tertulia.domain import limits, talk
from tertulia.domain.decision import Asker, Decision, Happening, Setting
from tertulia.domain.ids import PersonId, room_stream
from tertulia.domain.refusals import Refusal
from tertulia.domain.room import RoomState
from tertulia.domain.session import aliases
from tertulia.domain.session.commands import CallHand, LowerHand, RaiseHand
from tertulia.domain.session.events import HandCalled, HandLowered, HandRaised
from tertulia.domain.session.held import called_is_heard
from tertulia.domain.session.life import must_be_open
from tertulia.domain.session.words import HandsOrder, LoweredWhy


def hands_in_order(hands: Mapping[str, int], heard: Mapping[str, int], order: HandsOrder) -> list[str]:
    """Whose hand is up, the next to be called first. `hands`: since when, in the order of the log, which decides
    between equals; `heard`: how often each was heard this session."""
    if order == "first_raised":
        return list(hands)
    return sorted(hands, key=lambda hand: heard.get(hand, 0))


def raise_hand(state: RoomState, command: RaiseHand, *, asker: Asker, setting: Setting, at: int) -> Decision | Refusal:
    if refusal := must_be_open(state) or talk.may_take_part(state, asker, at):
        return refusal
    session, stream = state.session, room_stream(state.room)
    if len(session.hands) >= limits.hands_max:
        return Refusal("too_many", "There are too many hands up already.")
    if command.person is not None and not session.is_persona_of(command.person, asker.person):
        return _raise_anothers(state, command.person, asker=asker, setting=setting)
    if any(session.is_persona_of(hand, asker.person) for hand in session.hands):
        return Refusal("already_raised")
    speaker = aliases.speaker(
        state, asker, alias=command.alias or command.person not in (None, asker.person), new_id=setting.alias_id
    )
    if isinstance(speaker, Refusal):
        return speaker
    raised = Happening(stream, HandRaised(hand=speaker.by), speaker.by)
    return Decision(stream, (raised, *speaker.happenings))


def lower_hand(state: RoomState, command: LowerHand, *, asker: Asker) -> Decision | Refusal:
    if refusal := must_be_open(state):
        return refusal
    session, stream = state.session, room_stream(state.room)
    if command.all:
        if not asker.is_staff:
            return Refusal("not_allowed", "Only staff may lower the hands of others.")
        others = (_lowered(state, hand, "all") for hand in session.hands if hand != session.called)
        return Decision(stream, (*called_is_heard(state), *others))
    if command.person is not None and not session.is_persona_of(command.person, asker.person):
        if not asker.is_staff:
            return Refusal("not_allowed", "Only staff may lower the hands of others.")
        if command.person not in session.hands:
            return Refusal("unknown_hand")
        why: LoweredWhy = "heard" if command.person == session.called else "staff"
        return Decision(stream, (_lowered(state, command.person, why),))
    mine = [hand for hand in session.hands if session.is_persona_of(hand, asker.person)]
    hand = command.person if command.person in mine else next(iter(mine), None)
    if hand is None or command.person not in (None, hand):
        return Refusal("unknown_hand")
    return Decision(stream, (_lowered(state, hand, "self", by=PersonId(hand)),))


def call_hand(state: RoomState, command: CallHand) -> Decision | Refusal:
    if refusal := must_be_open(state):
        return refusal
    stream = room_stream(state.room)
    if command.person not in state.session.hands:
        return Refusal("unknown_hand")
    if command.person == state.session.called:
        return Decision(stream)
    return Decision(stream, (*called_is_heard(state), Happening(stream, HandCalled(hand=command.person))))


def _raise_anothers(state: RoomState, person: str, *, asker: Asker, setting: Setting) -> Decision | Refusal:
    """Told apart by persona alone: that someone has a hand up under an alias is not said."""
    session, stream = state.session, room_stream(state.room)
    if not asker.is_staff:
        return Refusal("not_allowed", "Only staff may raise the hands of others.")
    if person.startswith("~"):
        if session.person_behind(person) is None:
            return Refusal("unknown_alias")
    elif person not in setting.roles:
        return Refusal("unknown_member")
    if person in session.hands:
        return Refusal("already_raised")
    return Decision(stream, (Happening(stream, HandRaised(hand=person)),))


def _lowered(state: RoomState, hand: str, why: LoweredWhy, *, by: PersonId | None = None) -> Happening:
    return Happening(room_stream(state.room), HandLowered(hand=hand, why=why), by)
