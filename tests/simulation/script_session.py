"""What people do in a live session while a run lasts: ask, vote, answer, merge, undo, raise hands, answer polls.

Much of it is aimed at questions as this person sees them, some at whatever was there once: what is refused is looked at
as well (check.py).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from random import Random
from typing import Any, Final

from tertulia.domain.commands import ChangeRoom
from tertulia.domain.ids import RoomId, room_stream
from tertulia.domain.session.commands import (
    AcceptAnswer,
    AnswerPoll,
    AnswerQuestion,
    ApproveQuestion,
    AskQuestion,
    CallHand,
    ClosePoll,
    CloseSession,
    DismissQuestion,
    EndorseAnswer,
    HighlightQuestion,
    HoldFloor,
    LowerHand,
    MarkSession,
    MergeQuestion,
    OpenPoll,
    OpenSession,
    RaiseHand,
    ReleaseFloor,
    ReopenQuestion,
    ResendQuestion,
    RewordQuestion,
    SetPace,
    UndoAction,
    UnmergeQuestion,
    VoteQuestion,
    WithdrawQuestion,
)
from tertulia.domain.session.view import SessionView
from tertulia.domain.view import RoomView
from tests.simulation.client import Client


class SessionScript:
    """`token`: makes a text that occurs nowhere else."""

    def __init__(self, client: Client, *, random: Random, token: Callable[[], str]) -> None:
        self._client = client
        self._random = random
        self._token = token

    def open(self, room: RoomId) -> None:
        self._give(room, OpenSession, title="")

    def put_in_order(self, room: RoomId) -> None:
        """Nobody waits for the floor."""
        self._give(room, ReleaseFloor)

    def act(self, room: RoomId) -> None:
        deeds = _OF_STAFF if self._client.person.is_staff or self._random.random() < 0.05 else _OF_ALL
        deed = self._random.choices(list(deeds), weights=list(deeds.values()))[0]
        deed(self, room)

    # --- what everybody does -------------------------------------------------------------------------------------

    def _ask(self, room: RoomId) -> None:
        self._give(room, AskQuestion, text=self._token())

    def _vote(self, room: RoomId) -> None:
        """On and off, faster than votes are told."""
        if question := self._some_question(room):
            for tap in range(self._random.choice([1, 1, 2, 3])):
                self._give(room, VoteQuestion, question=question, on=tap % 2 == 0)

    def _own(self, room: RoomId) -> None:
        if question := self._some_question(room):
            match self._random.randrange(3):
                case 0:
                    self._give(room, WithdrawQuestion, question=question)
                case 1:
                    self._give(room, ResendQuestion, question=question, text=self._token())
                case _:
                    self._give(room, AcceptAnswer, question=question, message=self._some_seq(room))

    def _hand(self, room: RoomId) -> None:
        self._give(room, self._random.choice([RaiseHand, RaiseHand, LowerHand]))

    def _poll(self, room: RoomId) -> None:
        if poll := self._some_poll(room):
            self._give(room, AnswerPoll, poll=poll, choices=[self._random.randrange(2)])

    def _pace(self, room: RoomId) -> None:
        self._give(room, SetPace, pace=self._random.choice(["lost", "ok", "fast", None]))

    def _endorse(self, room: RoomId) -> None:
        self._give(room, EndorseAnswer, message=self._some_seq(room), reason="correct")

    # --- what staff do -------------------------------------------------------------------------------------------

    def _answer(self, room: RoomId) -> None:
        if question := self._some_question(room):
            how: Any = self._random.choice(["now", "live", "live", "text"])
            message = self._some_seq(room) if how == "text" else None
            self._give(room, AnswerQuestion, question=question, how=how, message=message)

    def _merge(self, room: RoomId) -> None:
        question, into = self._some_question(room), self._some_question(room)
        if question and into:
            self._give(room, MergeQuestion, question=question, into=into)

    def _judge(self, room: RoomId) -> None:
        if question := self._some_question(room, waiting=self._random.random() < 0.5):
            make = self._random.choice([ApproveQuestion, ApproveQuestion, UnmergeQuestion, ReopenQuestion])
            match self._random.randrange(4):
                case 0:
                    self._give(room, DismissQuestion, question=question, reason="unclear", note=self._token())
                case 1:
                    self._give(room, RewordQuestion, question=question, text=self._token())
                case 2:
                    self._give(room, HighlightQuestion, question=question, on=self._random.random() < 0.7)
                case _:
                    self._give(room, make, question=question)

    def _undo(self, room: RoomId) -> None:
        """What was done lately, by whomever."""
        reader = self._client.readers.get(room_stream(room))
        if reader is not None and reader.seq:
            self._give(room, UndoAction, event=max(1, reader.seq - self._random.randrange(4)))

    def _call(self, room: RoomId) -> None:
        hands = session.hands if (session := self._session(room)) else []
        if hands and self._random.random() < 0.8:
            self._give(room, CallHand, person=self._random.choice(hands).hand)
        else:
            self._give(room, LowerHand, all=True)

    def _ask_all(self, room: RoomId) -> None:
        poll = self._some_poll(room)
        match self._random.randrange(4):
            case 0 if poll:
                self._give(room, OpenPoll, again=poll)
            case 1 | 2 if poll:
                self._give(room, ClosePoll, poll=poll)
            case _:
                anonymous = self._random.random() < 0.7
                self._give(room, OpenPoll, text=self._token(), options=["yes", "no"], anonymous=anonymous)

    def _hold(self, room: RoomId) -> None:
        self._give(room, HoldFloor, for_s=self._random.choice([None, 1, 2]), shown_to="nobody")
        asyncio.get_running_loop().call_later(self._random.uniform(0.3, 2.0), lambda: self._give(room, ReleaseFloor))

    def _mark(self, room: RoomId) -> None:
        self._give(room, MarkSession, media_position_ms=self._random.randrange(10**6), rewound=True)

    def _approve_first(self, room: RoomId) -> None:
        self._give(room, ChangeRoom, approve_questions=self._random.random() < 0.6)

    def _close(self, room: RoomId) -> None:
        self._give(room, CloseSession)
        asyncio.get_running_loop().call_later(self._random.uniform(0.1, 1.5), lambda: self.open(room))

    # --- private -------------------------------------------------------------------------------------------------

    def _give(self, room: RoomId, make: Any, **fields: Any) -> None:
        self._client.sender.give(make, room=room, **fields)

    def _session(self, room: RoomId) -> SessionView | None:
        reader = self._client.readers.get(room_stream(room))
        return reader.view.session if reader is not None and isinstance(reader.view, RoomView) else None

    def _some_question(self, room: RoomId, *, waiting: bool = False) -> str | None:
        session = self._session(room)
        known = [] if session is None else [one.question for one in session.questions]
        if session is not None and (waiting or not known):
            known += session.unpublished
        return self._random.choice(known) if known else None

    def _some_poll(self, room: RoomId) -> int | None:
        session = self._session(room)
        return self._random.choice(session.polls).poll if session is not None and session.polls else None

    def _some_seq(self, room: RoomId) -> int:
        """Of a message, at best of a late one."""
        reader = self._client.readers.get(room_stream(room))
        known = [one.seq for one in reader.messages()] if reader else []
        return self._random.choice(known[-4:]) if known else 1


_OF_ALL: Final = {
    SessionScript._ask: 12,
    SessionScript._vote: 20,
    SessionScript._own: 6,
    SessionScript._hand: 5,
    SessionScript._poll: 6,
    SessionScript._pace: 2,
    SessionScript._endorse: 2,
}
_OF_STAFF: Final = _OF_ALL | {
    SessionScript._answer: 10,
    SessionScript._merge: 8,
    SessionScript._judge: 10,
    SessionScript._undo: 6,
    SessionScript._call: 4,
    SessionScript._ask_all: 5,
    SessionScript._hold: 2,
    SessionScript._mark: 2,
    SessionScript._approve_first: 3,
    SessionScript._close: 2,
}
