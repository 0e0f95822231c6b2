"""Polls and pace: asked by staff and bots, answered by people; hidden until closed. Called by `decide_room`.

Answers to a poll that is anonymous stand in signals, which nobody reads; to another in the staff stream.
"""

from __future__ import annotations

from tertulia.domain import limits
from tertulia.domain.decision import Asker, Decision, Happening
from tertulia.domain.ids import room_signals_stream, room_staff_stream, room_stream
from tertulia.domain.refusals import Refusal
from tertulia.domain.room import RoomState
from tertulia.domain.session.commands import AnswerPoll, ClosePoll, OpenPoll, SetPace
from tertulia.domain.session.events import PaceSet, PollAnswered, PollOpened
from tertulia.domain.session.life import must_be_open
from tertulia.domain.session.poll_results import poll_results
from tertulia.domain.session.state import Poll, PollChoice
from tertulia.domain.session.words import PollKind
from tertulia.domain.text import clean_line, clean_text

OPTIONS_MIN = 2


def open_poll(state: RoomState, command: OpenPoll) -> Decision | Refusal:
    """`again`: a closed poll is asked once more; of the same kind, and as anonymous as it was."""
    if refusal := must_be_open(state):
        return refusal
    if len(state.session.polls) >= limits.polls_max:
        return Refusal("too_many", f"A session has at most {limits.polls_max} polls.")
    text, options = command.text, command.options
    kind, anonymous = command.kind, command.anonymous
    if command.again is not None:
        before = state.session.polls.get(command.again)
        if before is None:
            return Refusal("unknown_poll")
        if not before.closed:
            return Refusal("precondition_failed", "Close the poll before it is asked again.")
        text, options = text if text.strip() else before.text, options or before.options
        kind, anonymous = before.kind, before.anonymous
    asked = clean_text(text)
    if isinstance(asked, Refusal):
        return asked
    if len(asked) > limits.poll_text_chars_max:
        return Refusal("text_too_long", f"A poll has at most {limits.poll_text_chars_max} characters.")
    cleaned = _options(kind, options)
    if isinstance(cleaned, Refusal):
        return cleaned
    opened = PollOpened(text=asked, kind=kind, options=cleaned, anonymous=anonymous, again=command.again)
    stream = room_stream(state.room)
    return Decision(stream, (Happening(stream, opened),))


def answer_poll(state: RoomState, command: AnswerPoll, *, asker: Asker) -> Decision | Refusal:
    poll = state.session.polls.get(command.poll)
    if poll is None:
        return Refusal("unknown_poll")
    if poll.closed:
        return Refusal("poll_closed")
    if refusal := must_be_open(state):
        return refusal
    choice = _choice(poll, command)
    if isinstance(choice, Refusal):
        return choice
    stream = room_signals_stream(state.room) if poll.anonymous else room_staff_stream(state.room)
    if choice == state.session.answers.get(command.poll, {}).get(asker.person):
        return Decision(stream)
    answered = PollAnswered(poll=command.poll, choices=choice.choices, text=choice.text)
    return Decision(stream, (Happening(stream, answered),))


def close_poll(state: RoomState, command: ClosePoll) -> Decision | Refusal:
    poll = state.session.polls.get(command.poll)
    if poll is None:
        return Refusal("unknown_poll")
    if poll.closed:
        return Refusal("poll_closed")
    if state.closed:
        return Refusal("room_closed")
    stream = room_stream(state.room)
    return Decision(stream, (Happening(stream, poll_results(state.session, command.poll)),))


def set_pace(state: RoomState, command: SetPace) -> Decision | Refusal:
    if refusal := must_be_open(state):
        return refusal
    stream = room_signals_stream(state.room)
    return Decision(stream, (Happening(stream, PaceSet(pace=command.pace)),))


def _options(kind: PollKind, options: list[str]) -> list[str] | Refusal:
    """Of a scale, the labels of its steps; a poll for short answers has none."""
    if kind == "short":
        return [] if not options else Refusal("options_invalid", "A poll for short answers has no options.")
    cleaned = [clean_line(option, chars_max=limits.poll_option_chars_max) for option in options]
    usable = [option for option in cleaned if option is not None]
    if len(usable) < len(options) or len({option.casefold() for option in usable}) < len(options):
        return Refusal("options_invalid", "Options are not empty, too long or the same.")
    if not OPTIONS_MIN <= len(usable) <= limits.poll_options_max:
        return Refusal("options_invalid", f"A poll has {OPTIONS_MIN} to {limits.poll_options_max} options.")
    return usable


def _choice(poll: Poll, command: AnswerPoll) -> PollChoice | Refusal:
    if poll.kind == "short":
        text = clean_line(command.text, chars_max=limits.poll_text_chars_max)
        if text is None or command.choices:
            return Refusal("answer_invalid", f"An answer has 1 to {limits.poll_text_chars_max} characters.")
        return PollChoice(text=text)
    if command.text or not command.choices or len(set(command.choices)) < len(command.choices):
        return Refusal("answer_invalid")
    if poll.kind != "multiple" and len(command.choices) > 1:
        return Refusal("answer_invalid", "One option can be chosen.")
    if not all(0 <= place < len(poll.options) for place in command.choices):
        return Refusal("unknown_option")
    return PollChoice(choices=sorted(command.choices))
