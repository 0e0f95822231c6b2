"""How hands, polls, pace, the floor and who attends change `SessionState`: the part of apply.py that is about the
stage. Nothing is changed in place (state.py says why)."""

from __future__ import annotations

from msgspec.structs import replace

from tertulia.domain.event import Event
from tertulia.domain.ids import PersonId
from tertulia.domain.session.events import (
    AttendanceNoted,
    FloorHeld,
    FloorReleased,
    HandCalled,
    HandLowered,
    HandRaised,
    HeldRejected,
    HeldReleased,
    MessageHeld,
    PollAnswered,
    PollClosed,
    PollOpened,
)
from tertulia.domain.session.state import Floor, Held, Poll, PollChoice, SessionState


def apply_stage(state: SessionState, *, seq: int, at: int, event: Event) -> None:
    """Fold one entry of `room/<id>`."""
    match event:
        case HandRaised():
            state.hands = {**state.hands, event.hand: at}
        case HandLowered():
            state.hands = {hand: since for hand, since in state.hands.items() if hand != event.hand}
            if state.called == event.hand:
                state.called = None
            if event.why == "heard":
                state.hear(event.hand)
        case HandCalled():
            state.called = event.hand
        case PollOpened():
            opened = Poll(event.text, event.kind, list(event.options), event.anonymous, event.again)
            state.polls = {**state.polls, seq: opened}
        case PollClosed() if poll := state.polls.get(event.poll):
            state.polls = {**state.polls, event.poll: replace(poll, closed=True)}
        case FloorHeld():
            state.floor = Floor(seq, event.until, event.shown_to)
        case FloorReleased():
            state.floor = None
        case _:
            pass


def apply_stage_staff(state: SessionState, *, seq: int, at: int, by: str, event: Event) -> None:
    """Fold one entry of `room/<id>/staff`."""
    match event:
        case PollAnswered():
            _answer(state, PersonId(by), event)
        case MessageHeld():
            held = Held(by, at, event.text, event.kind, event.reply_to, event.thread, event.reply_author, event.why)
            state.held = {**state.held, seq: held}
        case HeldReleased():
            state.held = {held: message for held, message in state.held.items() if held not in event.held}
        case HeldRejected():
            state.held = {held: message for held, message in state.held.items() if held != event.held}
        case AttendanceNoted():
            if event.session > state.attended_in:
                state.attended_in, state.attended = event.session, {}
            if event.session == state.attended_in:
                state.attended = {**state.attended, **dict.fromkeys(event.people)}
        case _:
            pass


def apply_stage_signals(state: SessionState, *, by: PersonId, event: Event) -> None:
    """Fold one entry of `room/<id>/signals`."""
    match event:
        case PollAnswered():
            _answer(state, by, event)
        case _:
            pass


def _answer(state: SessionState, person: PersonId, event: PollAnswered) -> None:
    """Those of one poll are all in one stream."""
    choice = PollChoice(list(event.choices), event.text)
    state.answers = {**state.answers, event.poll: {**state.answers.get(event.poll, {}), person: choice}}
