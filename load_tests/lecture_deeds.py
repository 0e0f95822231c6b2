"""What a deed of the script is as a command, and whether it can be given yet: from what the room is known to be."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, Final

from load_tests.lecture_listener import Told, fold
from load_tests.lecture_script import Deed
from tertulia.domain import commands as do
from tertulia.domain.command import RoomCommand
from tertulia.domain.events import MessagePosted
from tertulia.domain.session import commands as live
from tertulia.domain.session.events import QuestionDismissed, QuestionMerged
from tertulia.domain.session.fold import find
from tertulia.domain.session.view import PollView, SessionView
from tertulia.domain.view import RoomView

PACES: Final = ("lost", "ok", "fast")
EMOJI: Final = "👍"
NUMBERED: Final = re.compile(r"#([mq])(\d+) ")
OPTIONS: Final = ["It goes up", "It goes down", "It stays", "It is gone"]

Made = tuple[type[RoomCommand], dict[str, Any]]


class Known:
    """The room as the first who is told sees it, and the script's numbers as the server's ids. `persona`: who readers
    see when this person speaks; None when it is not known yet."""

    def __init__(self, view: RoomView, *, aliases: Sequence[int], persona: Callable[[int], str | None]) -> None:
        self.view = view
        self.left: Counter[tuple[str, int]] = Counter()
        """What is still to be accepted, of each kind and thing."""
        self.voted: set[tuple[int, int]] = set()
        self.polls: dict[int, int] = {}
        self._messages: dict[int, int] = {}
        self._questions: dict[int, str] = {}
        self._changed: dict[str, int] = {}
        """Question → the seq of its last merge or dismissal."""
        self._aliases, self._persona = aliases, persona

    def hear(self, told: Told) -> None:
        seq, event = told.record.seq, told.event
        match event:
            case MessagePosted() if numbered := NUMBERED.match(event.text):
                if numbered[1] == "m":
                    self._messages.setdefault(int(numbered[2]), seq)
                elif event.question is not None:
                    self._questions[int(numbered[2])] = event.question
            case QuestionMerged() | QuestionDismissed():
                self._changed[event.question] = seq
            case _:
                pass
        fold(self.view, told)

    def command(self, deed: Deed) -> Made | None:
        """None: not yet."""
        if deed.kind == "open":
            return live.OpenSession, {"title": "Heaps"}
        if self.view.session is None:
            return None
        return self._talk(deed) or self._question(deed) or self._stage(deed) or self._poll(deed)

    # --- talk and questions --------------------------------------------------------------------------------------

    def _talk(self, deed: Deed) -> Made | None:
        alias = deed.who in self._aliases
        match deed.kind:
            case "talk" | "answer":
                reply_to = self._message_of(deed.what) if deed.kind == "answer" else self._messages.get(deed.other)
                number = deed.other if deed.kind == "answer" else deed.what
                if reply_to is None and (deed.kind == "answer" or deed.other):
                    return None
                return do.PostMessage, {"text": f"#m{number} {deed.text}", "reply_to": reply_to, "alias": alias}
            case "react" if (message := self._messages.get(deed.what)) is not None:
                return do.SetReaction, {"message": message, "emoji": EMOJI, "alias": alias}
            case "ask":
                return live.AskQuestion, {"text": f"#q{deed.what} {deed.text}", "alias": alias}
            case _:
                return None

    def _question(self, deed: Deed) -> Made | None:
        id = self._questions.get(deed.what)
        status = self._status(deed.what)
        in_queue = status in ("published", "answering")
        match deed.kind:
            case "vote" if in_queue:
                return live.VoteQuestion, {"question": id}
            case "unvote" if in_queue and (deed.who, deed.what) in self.voted:
                return live.VoteQuestion, {"question": id, "on": False}
            case "resend" if status == "dismissed":
                return live.ResendQuestion, {"question": id, "text": f"#q{deed.what} again {deed.text}"}
            case "approve" if status == "pending":
                return live.ApproveQuestion, {"question": id}
            case "undo" if status in ("merged", "dismissed") and id is not None:
                return live.UndoAction, {"event": self._changed[id]}
            case "accept" if status == "answered_text":
                return live.AcceptAnswer, {"question": id, "message": self._messages[deed.other]}
            case "live" if status == "answering":
                return live.AnswerQuestion, {"question": id, "how": "live"}
            case _ if in_queue and not self.left["vote", deed.what] and not self.left["unvote", deed.what]:
                return self._end(deed, id)
            case _:
                return None

    def _end(self, deed: Deed, id: str | None) -> Made | None:
        """What takes a question out of the queue, when all have voted who will."""
        match deed.kind:
            case "now" if self._session.answering is None:
                return live.AnswerQuestion, {"question": id, "how": "now"}
            case "text" if (message := self._messages.get(deed.other)) is not None:
                return live.AnswerQuestion, {"question": id, "how": "text", "message": message}
            case "merge" if self._status(deed.other) in ("published", "answering"):
                return live.MergeQuestion, {"question": id, "into": self._questions[deed.other]}
            case "dismiss":
                return live.DismissQuestion, {"question": id, "reason": "unclear", "note": "Which heap?"}
            case "withdraw":
                return live.WithdrawQuestion, {"question": id}
            case _:
                return None

    # --- hands, pace, the floor, the session ---------------------------------------------------------------------

    def _stage(self, deed: Deed) -> Made | None:
        hands = [one.hand for one in self._session.hands]
        match deed.kind:
            case "raise":
                return live.RaiseHand, {"alias": deed.who in self._aliases}
            case "lower" if self._persona(deed.what) in hands:
                return live.LowerHand, {}
            case "call" if (whose := self._persona(deed.what)) in hands:
                return live.CallHand, {"person": whose}
            case "lower_all" if not any(self.left[kind, who] for kind, who in self.left if kind in _OF_HANDS):
                return live.LowerHand, {"all": True}
            case "pace":
                return live.SetPace, {"pace": PACES[deed.what]}
            case "mark":
                return live.MarkSession, {"media_position_ms": 60_000 * (deed.what + 1), "label": f"Part {deed.what}"}
            case "hold":
                return live.HoldFloor, {"prompt": "Think, and write what you think."}
            case "release" if self._session.floor is not None:
                return live.ReleaseFloor, {}
            case "close" if sum(self.left.values()) == 1:
                return live.CloseSession, {}
            case _:
                return None

    def _poll(self, deed: Deed) -> Made | None:
        poll = self._seen_poll(deed.what)
        match deed.kind:
            case "poll" if deed.other:
                before = self._seen_poll(deed.other)
                return (live.OpenPoll, {"again": before.poll}) if before is not None and before.closed else None
            case "poll":
                kind = "single" if deed.what == 1 else "multiple"
                return live.OpenPoll, {"text": "Where does the key go?", "kind": kind, "options": OPTIONS}
            case "choose" if poll is not None:
                return live.AnswerPoll, {"poll": poll.poll, "choices": [deed.other]}
            case "end_poll" if poll is not None and not self.left["choose", deed.what]:
                return live.ClosePoll, {"poll": poll.poll}
            case _:
                return None

    # --- what is known -------------------------------------------------------------------------------------------

    @property
    def _session(self) -> SessionView:
        assert self.view.session is not None, "nothing but opening is done before it is open"
        return self.view.session

    def _status(self, question: int) -> str:
        """Empty: it is not there yet."""
        found = find(self._session, self._questions.get(question, ""))
        return "" if found is None else found.status

    def _message_of(self, question: int) -> int | None:
        found = find(self._session, self._questions.get(question, ""))
        return None if found is None else found.message

    def _seen_poll(self, poll: int) -> PollView | None:
        return next((one for one in self._session.polls if one.poll == self.polls.get(poll)), None)


_OF_HANDS: Final = ("raise", "lower", "call")
