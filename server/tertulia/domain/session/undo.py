"""What staff did is undone: by an event that puts it back, nothing is deleted. Called by `decide_room`.

`SessionState.undoable` holds the newest thing done to each question and message. When the world has moved on since, it
can be undone no more.
"""

from __future__ import annotations

from tertulia.domain.decision import Decision, Happening
from tertulia.domain.ids import PersonId, room_staff_stream, room_stream
from tertulia.domain.refusals import Refusal
from tertulia.domain.room import RoomState
from tertulia.domain.session import questions
from tertulia.domain.session.commands import UndoAction
from tertulia.domain.session.events import (
    MessageHidden,
    MessageUnhidden,
    QuestionAsked,
    QuestionHighlighted,
    QuestionRestored,
    QuestionUnmerged,
)
from tertulia.domain.session.state import Question, Undoable


def undo(state: RoomState, command: UndoAction) -> Decision | Refusal:
    done = state.session.undoable.get(command.event)
    if done is None or state.closed:
        return Refusal("nothing_to_undo")
    if done.message is not None:
        return _show_again(state, done.message)
    question = state.session.question(done.question)
    if question is None:
        return Refusal("nothing_to_undo")
    if done.highlighted is not None:
        if question.highlighted != done.highlighted:
            return Refusal("nothing_to_undo")
        back = QuestionHighlighted(question=question.question, on=not done.highlighted)
        return questions.done(state, question, back)
    if question.status != done.after:
        return Refusal("nothing_to_undo")
    if done.after == "merged":
        return questions.done(state, question, QuestionUnmerged(question=question.question))
    return _restore(state, question, done, event=command.event)


def _show_again(state: RoomState, message: int) -> Decision | Refusal:
    if message not in state.session.hidden:
        return Refusal("nothing_to_undo")
    thread = state.session.hidden[message]
    stream = room_stream(state.room)
    return Decision(stream, (Happening(stream, MessageUnhidden(message=message, thread=thread)),))


def _restore(state: RoomState, question: Question, done: Undoable, *, event: int) -> Decision:
    """To where it was before. One whose approval is undone waits again, and its message is hidden."""
    stream = room_stream(state.room)
    restored = QuestionRestored(question=question.question, status=done.before, undoes=event)
    happenings = [Happening(stream, restored), *questions.tell(state, question, restored)]
    if done.before == "pending":
        asked = QuestionAsked(room=state.room, question=question.question, text=question.text, again=True)
        happenings.append(Happening(room_staff_stream(state.room), asked, PersonId(question.by)))
        if question.message is not None and question.status == "published":
            hidden = MessageHidden(message=question.message, reason="The approval was undone.")
            happenings.append(Happening(stream, hidden))
    return Decision(stream, tuple(happenings))
