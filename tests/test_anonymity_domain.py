"""Who is behind an alias shows in nothing that a learner can read: as far as decisions go.

Method: the same afternoon is played twice, once with Ana and once with Ben behind the alias; all else, also what the
two do in their own names, is the same. What Cat, another learner, can read (the room, the cohort, her own stream: every
entry, byte by byte), what she is refused, what staff can read where they may not know, and the orders of the queue must
be the same. Then each protection is taken out, one at a time, and the difference must show.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final, Literal, NamedTuple

import pytest
from msgspec.structs import replace

from tertulia.domain import fair_order, talk
from tertulia.domain.commands import (
    ChangeRoom,
    CloseRoom,
    EditMessage,
    LockRoom,
    MuteMember,
    PostMessage,
    RedactMessage,
    ResolveThread,
    SetReaction,
    UnlockRoom,
    UnmuteMember,
)
from tertulia.domain.decision import Asker, Decision
from tertulia.domain.ids import PersonId
from tertulia.domain.policy import Role
from tertulia.domain.refusals import Refusal
from tertulia.domain.room import RoomState
from tertulia.domain.session import aliases, questions, teams
from tertulia.domain.session.commands import (
    AcceptAnswer,
    AnswerQuestion,
    AskQuestion,
    CloseSession,
    DismissQuestion,
    EndorseAnswer,
    FormTeams,
    HideMessage,
    MarkMindChanged,
    MergeQuestion,
    OpenSession,
    RequireApproval,
    ResendQuestion,
    TakeAlias,
    VoteQuestion,
    WithdrawQuestion,
)
from tertulia.domain.session.state import SessionState
from tests.classroom import Classroom, command

PEOPLE: Final[dict[str, Role]] = {
    "olga": "owner",
    "ina": "instructor",
    "tad": "ta",
    "ana": "learner",
    "ben": "learner",
    "cat": "learner",
    "dan": "learner",
}
WHO: Final = ("ana", "ben")
Story = Callable[["Afternoon"], None]


class Seen(NamedTuple):
    """What Cat has: entries, refusals, the fair order with its reasons. `staff`: what staff may read besides."""

    entries: list[tuple[Any, ...]]
    refusals: list[tuple[str, Refusal | None]]
    queue: list[fair_order.Placed]
    staff: list[tuple[Any, ...]]


class Afternoon(Classroom):
    """Nobody is shown an answer but who gave the command: so of Ana's and Ben's, refused or not, nothing is kept."""

    def __init__(self, behind: str, anonymity: Literal["alias", "anonymous"]) -> None:
        super().__init__(PEOPLE, kind="session")
        self.behind = behind
        self.refusals: list[tuple[str, Refusal | None]] = []
        self.gives("ina", ChangeRoom, anonymity=anonymity)
        self.gives("ina", OpenSession)
        self.room.session.attended_in = self.room.session.opened
        self.room.session.attended = dict.fromkeys(PersonId(name) for name in PEOPLE)

    def tries(self, name: str, kind: type[Any], **fields: Any) -> None:
        """Whoever it is: it is done, or refused."""
        decided = self.decide(name, command(kind, **fields))
        if isinstance(decided, Decision):
            self.happens(name, decided)
        if name == "cat":
            self.refusals.append((name, decided if isinstance(decided, Refusal) else None))

    def masked(self, kind: type[Any], **fields: Any) -> None:
        """The one behind the alias does it."""
        self.tries(self.behind, kind, **fields)

    @property
    def last(self) -> int:
        return [entry.seq for entry in self.entries if entry.name == "message_posted"][-1]

    @property
    def question(self) -> str:
        return list(self.room.session.questions)[-1]

    def seen(self) -> Seen:
        for_all = {"room/general", "cohort/demo", "user/cat", *(f"room/{room}" for room in self.cohort.rooms)}
        queue = [
            fair_order.Queued(
                q.question, q.by, q.asked_at, q.seq, len(self.room.session.votes.get(q.question, ())), q.highlighted
            )
            for q in self.room.session.questions.values()
            if q.status == "published"
        ]
        return Seen(
            [tuple(entry) for entry in self.entries if entry.stream in for_all],
            self.refusals,
            fair_order.fair_order(queue, self.room.session.heard),
            [tuple(entry) for entry in self.entries if entry.stream == "room/general/staff"],
        )


# --- afternoons ------------------------------------------------------------------------------------------------------


def talking(here: Afternoon) -> None:
    """Naming oneself, answering oneself, editing, resolving, taking back: beside what both do in their own names."""
    here.masked(PostMessage, text="As @[Ana](ana), @[Ben](ben) and @[Cat](cat) say.", alias=True)
    said = here.last
    here.tries("ana", PostMessage, text="Who says so?", reply_to=said)
    here.tries("ben", PostMessage, text="I do not.", reply_to=said)
    here.masked(PostMessage, text="I do.", reply_to=here.last, alias=True)
    here.masked(EditMessage, message=said, text="As @[Ben](ben) and @[Ana](ana) said.")
    here.masked(ResolveThread, thread=said)
    here.tries("cat", EditMessage, message=said, text="x")
    here.masked(RedactMessage, message=here.last)


def counting(here: Afternoon) -> None:
    """Slow mode, limits and locks, for each persona; sums."""
    here.tries("ina", ChangeRoom, slow_mode_s=30)
    for name in ("ana", "cat", "ben"):
        here.tries(name, PostMessage, text="I begin.")
    here.masked(PostMessage, text="And I.", alias=True)
    here.after(s=10)
    here.tries("ana", PostMessage, text="Too soon.")
    here.tries("cat", PostMessage, text="Too soon.")
    here.after(s=25)
    here.tries("ben", PostMessage, text="Now.")
    here.masked(PostMessage, text="Now.", alias=True)
    here.tries("cat", PostMessage, text="Now.")
    here.tries("ina", ChangeRoom, slow_mode_s=0)


def asking(here: Afternoon) -> None:
    """Twenty questions of Ana's; the alias asks; merged votes; who was heard, and the order of the queue."""
    for number in range(20):
        here.tries("ana", AskQuestion, text=f"Why {number}?")
    named = here.question
    here.masked(AskQuestion, text="But why?", alias=True)
    masked = here.question
    here.tries("ana", VoteQuestion, question=masked)
    here.tries("cat", VoteQuestion, question=masked)
    here.tries("tad", AnswerQuestion, question=named, how="live")
    here.tries("ben", AskQuestion, text="How?")
    here.tries("tad", MergeQuestion, question=masked, into=here.question)
    here.masked(AskQuestion, text="When?", alias=True)
    here.tries("tad", AnswerQuestion, question=here.question, how="now")
    here.tries("tad", AnswerQuestion, question=here.question, how="live")
    here.masked(AskQuestion, text="Where?", alias=True)
    here.tries("cat", AskQuestion, text="Who?")


def answering(here: Afternoon) -> None:
    """Endorsing, accepting, challenging, a mind that is changed: in sight of all."""
    here.tries("cat", AskQuestion, text="Why?")
    question = here.question
    here.masked(PostMessage, text="Because.", reply_to=here.last, alias=True)
    answer = here.last
    here.tries("tad", AnswerQuestion, question=question, how="text", message=answer)
    here.tries("cat", AcceptAnswer, question=question, message=answer)
    for name in ("ana", "ben", "cat"):
        here.tries(name, EndorseAnswer, message=answer, reason="correct")
    here.tries("ana", PostMessage, text="It is not so.")
    own = here.last
    here.tries("ana", MarkMindChanged, message=own, because=answer)
    here.tries("ana", SetReaction, message=answer, emoji="challenge", sentence="Is it?")
    here.masked(SetReaction, message=own, emoji="challenge", sentence="Is it not?", alias=True)
    here.tries("cat", SetReaction, message=own, emoji="challenge", sentence="Well?")


def waiting(here: Afternoon) -> None:
    """Approval of one of the two, and of the alias; a dismissal; sent again; withdrawn."""
    here.tries("tad", RequireApproval, person="ana", reason="Careful.")
    for name in WHO:
        here.tries(name, AskQuestion, text="Why?")
    here.masked(AskQuestion, text="But why?", alias=True)
    first = here.question
    here.tries("tad", DismissQuestion, question=first, reason="unclear", note="Say more.")
    here.masked(ResendQuestion, question=first, text="But why is it so?")
    here.masked(WithdrawQuestion, question=first)
    here.tries("tad", RequireApproval, person="ana", on=False, reason="Fine.")
    here.masked(AskQuestion, text="When?", alias=True)
    alias = here.room.session.aliases[PersonId(here.behind)].alias
    here.tries("tad", RequireApproval, person=alias, reason="Careful.")
    for name in WHO:
        here.tries(name, AskQuestion, text="Where?")
    here.masked(AskQuestion, text="Where?", alias=True)


def moderating(here: Afternoon) -> None:
    """The alias is muted, hidden, taken back by staff; the room is locked."""
    here.masked(PostMessage, text="Rubbish.", alias=True)
    alias = here.room.session.aliases[PersonId(here.behind)].alias
    here.tries("tad", MuteMember, person=alias, for_s=60, reason="Enough.")
    here.masked(PostMessage, text="Not heard.", alias=True)
    for name in WHO:
        here.tries(name, PostMessage, text="Not I.")
    here.tries("cat", PostMessage, text="Who was that?")
    here.tries("tad", UnmuteMember, person=alias, reason="Well.")
    here.masked(PostMessage, text="Rubbish, again.", alias=True)
    here.tries("tad", HideMessage, message=here.last, reason="Rude.")
    here.tries("tad", RedactMessage, message=here.last, reason="Rude.")
    here.tries("ina", LockRoom)
    here.masked(PostMessage, text="Not heard either.", alias=True)
    here.tries("ina", UnlockRoom)


def parting(here: Afternoon) -> None:
    """Who talked much under an alias is dealt like who did not; what is open is carried."""
    here.masked(TakeAlias)
    for _ in range(5):
        here.masked(PostMessage, text="And another thing.", alias=True)
    here.masked(AskQuestion, text="Why?", alias=True)
    here.tries("tad", FormTeams, how="mixed", teams=2)
    here.tries("ina", CloseSession)
    here.tries("ina", CloseRoom)


AFTERNOONS: Final[tuple[Story, ...]] = (talking, counting, asking, answering, waiting, moderating, parting)


def played(story: Story, behind: str, anonymity: Literal["alias", "anonymous"] = "anonymous") -> Seen:
    here = Afternoon(behind, anonymity)
    story(here)
    return here.seen()


@pytest.mark.parametrize("anonymity", ["alias", "anonymous"])
@pytest.mark.parametrize("story", AFTERNOONS)
def test_a_learner_sees_the_same_whoever_it_is(story: Story, anonymity: Literal["alias", "anonymous"]) -> None:
    one, other = (played(story, behind, anonymity) for behind in WHO)
    assert one[:3] == other[:3]
    assert any(str(entry[3]).startswith("~") for entry in one.entries), "the alias has spoken"


@pytest.mark.parametrize("story", AFTERNOONS)
def test_staff_see_the_same_where_they_may_not_know(story: Story) -> None:
    one, other = (played(story, behind) for behind in WHO)
    assert one.staff == other.staff


def test_a_member_of_staff_behind_it_looks_like_a_learner() -> None:
    for story in (counting, asking, waiting, moderating):
        assert played(story, "ina")[:3] == played(story, "dan")[:3], story


# --- each protection, taken out --------------------------------------------------------------------------------------


class Removal(NamedTuple):
    """`story` shows that it is gone. `who`: the two it tells apart."""

    name: str
    story: Story
    take_out: Callable[[pytest.MonkeyPatch], None]
    who: tuple[str, str] = WHO


def alias_of_the_person(patch: pytest.MonkeyPatch) -> None:
    def speaker(state: RoomState, asker: Asker, *, alias: bool, new_id: str) -> Any:
        return given(state, asker, alias=alias, new_id=asker.person)

    given = aliases.speaker
    patch.setattr(aliases, "speaker", speaker)


def self_mentions(patch: pytest.MonkeyPatch) -> None:
    post = talk.post_happenings

    def happenings(state: RoomState, said: talk.Said, **rest: Any) -> Any:
        told = post(state, said, **rest)
        message: Any = told[0].event
        mentions = [person for person in message.mentions if person != said.person]
        return [told[0].__class__(told[0].stream, _with(message, mentions=mentions), told[0].by), *told[1:]]

    patch.setattr(talk, "post_happenings", happenings)


def _with(event: Any, **fields: Any) -> Any:
    return replace(event, **fields)


def edits_by_the_person(patch: pytest.MonkeyPatch) -> None:
    edit = talk.edit

    def bare(*args: Any, asker: Asker, **rest: Any) -> Any:
        decided = edit(*args, asker=asker, **rest)
        if isinstance(decided, Refusal):
            return decided
        return Decision(decided.stream, tuple(_with(one, by=asker.person) for one in decided.happenings))

    patch.setattr(talk, "edit", bare)


def slow_mode_for_the_person(patch: pytest.MonkeyPatch) -> None:
    slow_mode = talk._slow_mode

    def for_all(state: RoomState, asker: Asker, at: int, *, alias: bool) -> Refusal | None:
        here = [persona for persona in state.session.personas(asker.person) if persona in state.last_post_at]
        newest = max((state.last_post_at[persona] for persona in here), default=0)
        shared = dict.fromkeys(here, newest) | {asker.person: newest}
        known = state.session.persona(asker.person, alias=alias) or asker.person
        return slow_mode(
            _with(state, last_post_at={**shared, known: newest}), asker, at, alias=alias and known[0] == "~"
        )

    patch.setattr(talk, "_slow_mode", for_all)


def limits_for_the_person(patch: pytest.MonkeyPatch) -> None:
    ask = questions.ask

    def limited(state: RoomState, given: AskQuestion, *, asker: Asker, **rest: Any) -> Any:
        mine = [q for q in state.session.questions.values() if state.session.is_persona_of(q.by, asker.person)]
        return Refusal("too_many") if len(mine) >= 20 else ask(state, given, asker=asker, **rest)

    patch.setattr(questions, "ask", limited)


def votes_by_the_person(patch: pytest.MonkeyPatch) -> None:
    published = questions._published

    def by_person(*args: Any, person: Any, **rest: Any) -> Any:
        told = published(*args, person=person, **rest)
        return [_with(one, by=person) if one.event.__class__.__name__ == "VoteSet" else one for one in told]

    patch.setattr(questions, "_published", by_person)


def heard_for_the_person(patch: pytest.MonkeyPatch) -> None:
    """The count of the person goes with the alias."""
    seen = Afternoon.seen

    def counted(here: Afternoon) -> Seen:
        session = here.room.session
        behind = {one: session.heard.get(person, 0) for one, person in session.behind.items()}
        session.heard = {**session.heard, **{one: behind[one] + session.heard.get(one, 0) for one in behind}}
        return seen(here)

    patch.setattr(Afternoon, "seen", counted)


def approval_for_the_person(patch: pytest.MonkeyPatch) -> None:
    def waits(session: SessionState, by: str) -> bool:
        person = session.person_behind(by)
        return person is not None and any(one in session.approvals for one in session.personas(person))

    patch.setattr(SessionState, "waits_for_approval", waits)


def no_own_endorsement(patch: pytest.MonkeyPatch) -> None:
    endorse = questions.endorse

    def strict(state: RoomState, given: EndorseAnswer, *, asker: Asker) -> Any:
        is_own = state.session.is_persona_of(state.facts[given.message].author, asker.person)
        return Refusal("not_allowed") if is_own else endorse(state, given, asker=asker)

    patch.setattr(questions, "endorse", strict)


def no_own_reason(patch: pytest.MonkeyPatch) -> None:
    mark = talk.mark_mind_changed

    def strict(state: RoomState, given: MarkMindChanged, *, asker: Asker) -> Any:
        is_own = state.session.is_persona_of(state.facts[given.because].author, asker.person)
        return Refusal("not_allowed") if is_own else mark(state, given, asker=asker)

    patch.setattr(talk, "mark_mind_changed", strict)


def turns_of_the_person(patch: pytest.MonkeyPatch) -> None:
    groups = teams._groups

    def by_all(state: RoomState, *rest: Any) -> Any:
        turns: dict[str, int] = {}
        for persona, count in state.session.turns.items():
            person = state.session.person_behind(persona) or persona
            turns[person] = turns.get(person, 0) + count
        return groups(_with(state, session=_with(state.session, turns=turns)), *rest)

    patch.setattr(teams, "_groups", by_all)


def reasons_of_aliases(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(fair_order, "is_alias", lambda by: False)


def staff_stay_staff(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Asker, "as_alias", lambda asker: asker)


def mutes_of_the_person(patch: pytest.MonkeyPatch) -> None:
    take_part = talk.may_take_part

    def muted(state: RoomState, asker: Asker, at: int, *, alias: bool = False) -> Refusal | None:
        return take_part(state, asker, at, alias=True)

    patch.setattr(talk, "may_take_part", muted)


REMOVALS: Final = (
    Removal("an alias is made of the person", talking, alias_of_the_person),
    Removal("an alias does not mention the person behind it", talking, self_mentions),
    Removal("edits are by the person", talking, edits_by_the_person),
    Removal("slow mode counts for the person", counting, slow_mode_for_the_person),
    Removal("open questions count for the person", asking, limits_for_the_person),
    Removal("who was heard is counted for the person", asking, heard_for_the_person),
    Removal("approval is of the person", waiting, approval_for_the_person),
    Removal("a mute of the alias is one of the person", moderating, mutes_of_the_person),
    Removal("nobody endorses their own alias", answering, no_own_endorsement),
    Removal("nobody's own alias changes their mind", answering, no_own_reason),
    Removal("teams are dealt by what persons said", parting, turns_of_the_person),
    Removal("staff under an alias stay staff", waiting, staff_stay_staff, ("ina", "dan")),
)


@contextmanager
def taken_out(removal: Removal) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        removal.take_out(patch)
        yield


@pytest.mark.parametrize("removal", REMOVALS, ids=lambda removal: removal.name)
def test_it_shows_when_a_protection_is_taken_out(removal: Removal) -> None:
    one, other = (played(removal.story, behind) for behind in removal.who)
    assert one[:3] == other[:3], "it does not show with it"
    with taken_out(removal):
        one, other = (played(removal.story, behind) for behind in removal.who)
    assert one[:3] != other[:3]


def test_no_place_in_the_queue_is_explained_for_an_alias() -> None:
    """ "Not heard yet" would tell those who have been from those who have not. The count is the alias's own, so that
    it would tell nothing; but nobody need trust that."""

    def one_asks(here: Afternoon) -> None:
        here.masked(AskQuestion, text="Why?", alias=True)

    assert [placed.reason for placed in played(one_asks, "ana").queue] == [None]
    with pytest.MonkeyPatch.context() as patch:
        reasons_of_aliases(patch)
        assert [placed.reason for placed in played(one_asks, "ana").queue] == ["not_heard_yet"]


def test_merged_votes_are_no_fewer_than_the_votes() -> None:
    """An alias's own vote and the person's do not fall together."""

    def counts(behind: str) -> list[int]:
        here = Afternoon(behind, "anonymous")
        here.tries("ana", AskQuestion, text="Why?")
        first = here.question
        here.masked(AskQuestion, text="But why?", alias=True)
        one, other = (here.room.session.votes[question] for question in (first, here.question))
        return [len(one), len(other), len(one | other)]

    assert counts("ana") == counts("ben") == [1, 1, 2]
    with pytest.MonkeyPatch.context() as patch:
        votes_by_the_person(patch)
        assert counts("ana") != counts("ben")
