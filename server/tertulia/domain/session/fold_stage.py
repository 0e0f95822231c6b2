"""How hands, polls, the floor and teams change what readers see of a live session: the part of fold.py that is about
the stage, with the same twin."""

from __future__ import annotations

from tertulia.domain.event import Event
from tertulia.domain.session.events import (
    FloorHeld,
    FloorReleased,
    HandCalled,
    HandLowered,
    HandRaised,
    PollClosed,
    PollOpened,
    TeamsFormed,
    TeamsRecalled,
)
from tertulia.domain.session.view import FloorView, HandView, PollView, SessionView, TeamsView, TeamView


def fold_stage(view: SessionView, *, seq: int, at: int, event: Event) -> None:
    """Fold one entry of `room/<id>`."""
    match event:
        case HandRaised():
            view.hands = [*_others(view, event.hand), HandView(hand=event.hand, at=at)]
        case HandLowered():
            view.hands = _others(view, event.hand)
            if view.called == event.hand:
                view.called = None
            if event.why == "heard":
                view.heard[event.hand] = view.heard.get(event.hand, 0) + 1
        case HandCalled():
            view.called = event.hand
        case PollOpened():
            opened = PollView(
                poll=seq,
                at=at,
                text=event.text,
                kind=event.kind,
                options=list(event.options),
                anonymous=event.anonymous,
                again=event.again,
            )
            view.polls.append(opened)
        case PollClosed():
            for poll in view.polls:
                if poll.poll == event.poll:
                    poll.closed, poll.answered = True, event.answered
                    poll.results, poll.texts = list(event.results), list(event.texts)
        case FloorHeld():
            view.floor = FloorView(seq=seq, until=event.until, prompt=event.prompt, shown_to=event.shown_to)
        case FloorReleased():
            view.floor = None
        case TeamsFormed():
            teams = [TeamView(room=team.room, name=team.name, people=[*team.people]) for team in event.teams]
            view.teams = TeamsView(teams=teams, how=event.how, until=event.until)
        case TeamsRecalled():
            view.teams = None
        case _:
            pass


def _others(view: SessionView, hand: str) -> list[HandView]:
    return [raised for raised in view.hands if raised.hand != hand]
