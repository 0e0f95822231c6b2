"""The fold vectors: a snapshot, records that follow it, the state they must give; for both languages.

`python tests/vectors/make.py` writes the files of `FILES` beside this file; they are committed, and
tests/test_domain_view.py checks that they are what this makes and tests the fold itself by another reckoning.
Deterministic: a fixed seed, and of `Random` only `random()`, which Python promises to keep.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import msgspec

from tertulia.domain import limits, view
from tertulia.domain.events import EVENTS
from tertulia.domain.ids import StreamName, stream_kind, stream_owner
from tertulia.domain.session.staff_fold import fold_staff, new_staff_room_view
from tertulia.domain.session.view import StaffRoomView

HERE = Path(__file__).parent
SEED = 20_260_101
BEGAN_AT = 1_700_000_000_000
WINDOW = limits.snapshot_messages

Json = dict[str, Any]


class Step(NamedTuple):
    """What one record says, before it has a seq. `name` is an event's, or "tally"."""

    name: str
    data: Json
    by: str = "p-ana"


def case(stream: str, name: str, *, before: list[Step], then: list[Step]) -> Json:
    """`before` is folded into the snapshot, `then` are the records after it."""
    head = sum(step.name != "tally" for step in before)
    snapshot = fold(stream, empty(stream), records(stream, before, head=0))
    following = records(stream, then, head=head)
    expected = fold(stream, snapshot, following)
    return {"name": name, "stream": stream, "snapshot": snapshot, "records": following, "expected": expected}


def records(stream: str, steps: list[Step], *, head: int) -> list[Json]:
    made: list[Json] = []
    for step in steps:
        if step.name == "tally":
            made.append({"type": "tally", "room": stream_owner(StreamName(stream)), "tallies": step.data})
            continue
        head += 1
        at = BEGAN_AT + head * 1_000
        event = {"stream": stream, "seq": head, "at": at, "by": step.by, "name": step.name, "data": step.data}
        made.append({"type": "event"} | event)
    return made


def empty(stream: str) -> Json:
    owner = stream_owner(StreamName(stream))
    match stream_kind(StreamName(stream)):
        case "room":
            return _json(view.new_room_view(owner))
        case "room/staff":
            return _json(new_staff_room_view())
        case "cohort":
            return _json(view.new_cohort_view(owner))
        case _:
            return _json(view.new_user_view())


def fold(stream: str, snapshot: Json, following: list[Json]) -> Json:
    """The server's fold, from JSON to JSON."""
    kind = stream_kind(StreamName(stream))
    views: dict[str, tuple[type[Any], Callable[..., None]]] = {
        "room": (view.RoomView, view.apply_room),
        "room/staff": (StaffRoomView, fold_staff),
        "cohort": (view.CohortView, view.apply_cohort),
        "user": (view.UserView, view.apply_user),
    }
    shape, apply = views[kind]
    state = msgspec.convert(snapshot, shape)
    for record in following:
        if record["type"] == "tally":
            view.apply_tally(state, record["tallies"])
            continue
        known = EVENTS.get(record["name"])
        event = msgspec.convert(record["data"], known) if known else None
        apply(state, seq=record["seq"], at=record["at"], by=record["by"], event=event)
    return _json(state)


def _json(state: msgspec.Struct) -> Json:
    made: Json = msgspec.json.decode(msgspec.json.encode(state))
    return made


# --- rooms ----------------------------------------------------------------------------------------

CREATED = Step(
    "room_created",
    {"cohort": "demo", "name": "General talk", "kind": "session", "topic": "Heaps", "emoji": ["👍", "🎉"]},
    "p-olga",
)


CREATED_WHOLE = Step(
    "room_created",
    {
        "cohort": "demo",
        "name": "Team 1",
        "kind": "team",
        "slow_mode_s": 5,
        "slow_modes": {"learner": 30, "bot": 0},
        "anonymity": "anonymous",
        "approve_questions": True,
        "hands_order": "least_heard",
        "parent": "general",
    },
    "p-olga",
)


def said(text: str = "Hello", by: str = "p-ana", **data: Any) -> Step:
    return Step("message_posted", {"text": text, **data}, by)


def answered(thread: int, by: str = "p-ben", **data: Any) -> Step:
    return Step("message_posted", {"text": "Yes", "reply_to": thread, "thread": thread, **data}, by)


def tally(**by_message: Json) -> Step:
    return Step("tally", {name.removeprefix("m"): counts for name, counts in by_message.items()})


def many(count: int, *, first: int = 1) -> list[Step]:
    return [said(f"Message {number}") for number in range(first, first + count)]


def it(name: str, before: list[Step], *then: Step) -> Json:
    return case("room/general", name, before=[CREATED, *before], then=list(then))


def room_cases() -> Iterator[Json]:
    yield from posting_cases()
    yield from editing_cases()
    yield from pinning_cases()
    yield from setting_cases()
    yield from mark_cases()
    yield from tally_cases()
    yield from unknown_cases()
    random = Random(SEED)
    for number in range(6):
        before, then = _some_room_history(random, 60), _some_room_history(random, 40, head=61)
        yield it(f"a random history, {number}", before, *then)


def posting_cases() -> Iterator[Json]:
    yield case("room/general", "a room is created", before=[], then=[CREATED])
    bare = Step("room_created", {"cohort": "demo", "name": "Bare"})
    yield case("room/bare", "a room is created with defaults left out", before=[], then=[bare])
    yield case("room/team-1", "a room is created with every setting", before=[], then=[CREATED_WHOLE])
    yield it("nothing happens", [])
    yield it("a message begins a thread", [], said())
    yield it("two messages keep their order", [], said("One"), said("Two", "p-ben"))
    yield it("a message with mentions", [], said("Hi @[Ben](p-ben)", mentions=["p-ben"]))
    yield it("a message read after it was redacted", [], Step("message_posted", {"redacted": True}))
    yield it("a text in other scripts", [], said('שלום 你好 🧑‍🎓 é \u2028 \\ " </script>'))
    yield it("a person and a text named like nothing good", [], said("__proto__", "constructor"))
    yield it("a reply is counted at the first message", [said()], answered(2))
    yield it("a reply to a reply counts at the first message", [said()], answered(2), answered(2, reply_to=3))
    yield it("the last reply is the newest", [said()], answered(2), answered(2, "p-obi"))
    yield it("a reply to a message that is not shown", many(WINDOW + 1), answered(2))
    yield it("a redacted reply still counts", [said(), answered(2)], redacted(3, thread=2))
    yield it("the window is just full", many(WINDOW - 1), said("The last that fits"))
    yield it("one message too many", many(WINDOW), said("One more"))
    yield it("many messages too many", many(WINDOW - 5), *many(20, first=WINDOW - 4))
    yield it("replies do not move the window", many(WINDOW), *[answered(WINDOW) for _ in range(5)])
    yield it("has_more stays", many(WINDOW + 3), said())
    yield it(
        "a dropped message takes its tallies along",
        [*many(WINDOW), tally(m2={"👍": 2}, m3={"🎉": 1})],
        said(),
    )


def editing_cases() -> Iterator[Json]:
    yield it("an edit", [said("Helo")], edited(2, "Hello", 1))
    yield it("two edits", [said("Helo")], edited(2, "Hell", 1), edited(2, "Hello", 2))
    yield it("an edit brings mentions", [said("Hi")], edited(2, "Hi @[Ben](p-ben)", 1, mentions=["p-ben"]))
    yield it("an edit takes mentions away", [said("Hi", mentions=["p-ben"])], edited(2, "Hi", 1))
    yield it("an edit read after the message was redacted", [said()], Step("message_edited", _gone(2)))
    yield it("an edit outside the window", many(WINDOW + 2), edited(2, "Changed", 1))
    yield it("an edit of a reply", [said(), answered(2)], edited(3, "Changed", 1, thread=2))
    yield it("an edit of what never was", [said()], edited(99, "Changed", 1))
    yield it("a redaction", [said("Oops", mentions=["p-ben"])], redacted(2))
    yield it("a redaction by staff", [said("Oops")], redacted(2, by_staff=True, reason="Rude"))
    yield it("a redaction takes the tallies along", [said(), tally(m2={"👍": 3})], redacted(2))
    yield it("a redaction takes the pin along", [said(), said(), pinned(2), pinned(3)], redacted(2))
    yield it("a redaction outside the window", many(WINDOW + 2), redacted(3))
    yield it("a pinned message outside the window is redacted", [*many(WINDOW + 2), pinned(2)], redacted(2))
    yield it("a pinned reply is redacted", [said(), answered(2), pinned(3)], redacted(3, thread=2))
    yield it("a redaction keeps replies and the resolved mark", [said(), answered(2), solved(2)], redacted(2))


def pinning_cases() -> Iterator[Json]:
    yield it("pins keep the order of pinning", [said(), said()], pinned(3), pinned(2))
    yield it("a pin repeated goes to the end, once", [said(), said()], pinned(2), pinned(3), pinned(2))
    yield it("a pin is taken off", [said(), said(), pinned(2), pinned(3)], unpinned(2))
    yield it("a pin that is not there is taken off", [said(), pinned(2)], unpinned(99))
    yield it("a pinned message leaves the window, not the pins", [*many(WINDOW), pinned(2)], said())
    yield it("a thread is resolved", [said()], solved(2))
    yield it("a thread is resolved and reopened", [said()], solved(2), Step("thread_reopened", {"thread": 2}))
    yield it("a thread outside the window is resolved", many(WINDOW + 1), solved(2))


def setting_cases() -> Iterator[Json]:
    yield it("the name changes, nothing else", [], Step("room_changed", {"name": "Heaps"}))
    yield it("the topic is emptied", [], Step("room_changed", {"topic": ""}))
    yield it("no emoji are allowed any more", [said(), tally(m2={"👍": 1})], Step("room_changed", {"emoji": []}))
    yield it("slow mode on and off", [], *[Step("room_changed", {"slow_mode_s": s}) for s in (30, 0)])
    every: Json = {"name": "N", "topic": "T", "emoji": ["💡"], "slow_mode_s": 5, "slow_modes": {"learner": 9}}
    every |= {"anonymity": "alias", "approve_questions": True, "hands_order": "least_heard"}
    yield it("all settings change", [], Step("room_changed", every))
    yield it("a change with nulls changes nothing", [], Step("room_changed", dict.fromkeys(every)))
    yield it("locked with a reason", [], Step("room_locked", {"reason": "Lecture"}))
    yield it("locked and unlocked", [], Step("room_locked", {}), Step("room_unlocked", {}))
    yield it("closed", [], Step("room_locked", {}), Step("room_closed", {"reason": "Over"}))
    yield it("closed and opened", [], Step("room_closed", {}), Step("room_opened", {}))


def mark_cases() -> Iterator[Json]:
    """What staff and peers put on a message, and what it was made of."""
    kinds = [said("Which?", kind=kind) for kind in ("question", "answer", "view", "idea", "resource", "result")]
    hidden = Step("message_hidden", {"message": 2, "reason": "Rude"}, "p-olga")
    reply_hidden = Step("message_hidden", {"message": 3, "thread": 2, "reason": "Rude"}, "p-olga")
    shown = Step("message_unhidden", {"message": 2}, "p-olga")
    endorsed = [Step("answer_endorsed", {"message": 2, "reason": r}) for r in ("correct", "evidence", "correct")]
    changed = Step("mind_changed", {"message": 3, "because": 2}, "p-ben")
    yield it("messages have kinds", [], *kinds)
    yield it("a message that is a question", [], said("Why?", kind="question", question="q-1"))
    yield it("a message that was held, one from elsewhere", [], said("Hm", held_at=7), said("So", source="team-1"))
    yield it("a message is hidden", [said(), said()], hidden)
    yield it("a message is hidden and shown again", [said(), hidden], shown)
    yield it("a reply is hidden", [said(), answered(2)], reply_hidden)
    yield it("a message outside the window is hidden", many(WINDOW + 1), hidden, shown)
    yield it("an answer is endorsed", [said(), endorsed[0]], *endorsed[1:])
    yield it("an answer outside the window is endorsed", many(WINDOW + 1), *endorsed)
    yield it("minds are changed", [said(), said(), changed], changed)
    yield it("a mind is changed by what is not shown", [*many(WINDOW + 1)], changed)
    yield it("endorsed for a reason named like nothing good", [said()], Step("answer_endorsed", _odd(2)))


def _odd(message: int) -> Json:
    return {"message": message, "reason": "correct", "constructor": 1}


def tally_cases() -> Iterator[Json]:
    yield it("a tally", [said(), said()], tally(m2={"👍": 2, "🎉": 1}))
    yield it("a tally replaces the whole tally of its message", [said(), tally(m2={"👍": 2})], tally(m2={"🎉": 1}))
    yield it("an empty tally goes", [said(), said(), tally(m2={"👍": 2}, m3={"👍": 1})], tally(m2={}))
    yield it("an empty tally of what had none", [said()], tally(m2={}))
    yield it("a tally of a reply is passed over", [said(), answered(2)], tally(m3={"👍": 1}))
    yield it("a tally outside the window is passed over", many(WINDOW + 1), tally(m2={"👍": 1}, m3={"👍": 2}))
    yield it("a tally of something that is no number is passed over", [said()], tally(latest={"👍": 1}))


def unknown_cases() -> Iterator[Json]:
    yield it("an unknown event is passed over", [said()], Step("comet_seen", {"text": "Why?"}), said("Next"))
    yield it("an event named like a part of the language", [said()], Step("constructor", {}), Step("toString", {}))
    yield it("unknown keys are passed over", [], said("Hi", colour="red"), said("Ho", kind="question"))
    yield it("unknown keys of settings are passed over", [], Step("room_changed", {"name": "N", "level": 3}))
    yield it(
        "an event of another stream is passed over",
        [said()],
        Step("reaction_set", {"message": 2, "emoji": "👍"}),
    )
    yield it("an edit with unknown keys", [said()], edited(2, "Now", 1, mood="glad"))


def edited(message: int, text: str, revision: int, **data: Any) -> Step:
    return Step("message_edited", {"message": message, "text": text, "revision": revision, **data})


def redacted(message: int, **data: Any) -> Step:
    return Step("message_redacted", {"message": message, **data}, "p-olga")


def pinned(message: int) -> Step:
    return Step("message_pinned", {"message": message}, "p-olga")


def unpinned(message: int) -> Step:
    return Step("message_unpinned", {"message": message}, "p-olga")


def solved(thread: int) -> Step:
    return Step("thread_resolved", {"thread": thread})


def _gone(message: int) -> Json:
    return {"message": message, "revision": 1, "redacted": True}


def _some_room_history(random: Random, count: int, *, head: int = 1) -> list[Step]:
    """`count` events with tallies between them. They need not make sense; the fold must bear it."""
    steps: list[Step] = []
    while count:
        count -= 1
        head += 1
        old = 2 + _below(random, head)
        by = _one(random, ["p-ana", "p-ben", "p-olga"])
        steps.append(
            _one(
                random,
                [
                    *[said(f"Random {head}", by)] * 12,
                    *[answered(old, by)] * 4,
                    edited(old, f"Edited at {head}", head),
                    edited(old, f"Edited at {head} @[Ben](p-ben)", head, mentions=["p-ben"]),
                    redacted(old),
                    pinned(old),
                    pinned(old),
                    unpinned(old),
                    solved(old),
                    Step("thread_reopened", {"thread": old}),
                    Step("room_changed", {"topic": f"Topic {head}"}),
                    Step(_one(random, ["room_locked", "room_unlocked", "room_closed", "room_opened"]), {}),
                    Step("something_new", {"message": old}),
                ],
            )
        )
        if _below(random, 4) == 0:
            counts = {emoji: _below(random, 9) + 1 for emoji in ("👍", "🎉") if _below(random, 2)}
            steps.append(Step("tally", {str(2 + _below(random, head)): counts}))
    return steps


def _below(random: Random, bound: int) -> int:
    return int(random.random() * bound)


def _one(random: Random, choices: list[Any]) -> Any:
    return choices[_below(random, len(choices))]


# --- cohorts and people ---------------------------------------------------------------------------

FOUNDED = Step("cohort_created", {"name": "Spring", "course": "algorithms", "course_name": "Algorithms"})


def joined(person: str, name: str = "Ana", role: str = "learner", **data: Any) -> Step:
    return Step("member_joined", {"person": person, "name": name, "role": role, **data}, person)


def left(person: str) -> Step:
    return Step("member_left", {"person": person}, person)


def listed(room: str, name: str = "General", **data: Any) -> Step:
    return Step("room_listed", {"room": room, "name": name, **data}, "p-olga")


def cohort_cases() -> Iterator[Json]:
    def it(name: str, before: list[Step], *then: Step) -> Json:
        return case("cohort/demo", name, before=[FOUNDED, *before], then=list(then))

    back = Step("member_returned", {"person": "p-ana", "name": "Ana B", "role": "ta"})
    yield case("cohort/demo", "a cohort is founded", before=[], then=[FOUNDED])
    yield it("a member joins", [], joined("p-ana", goal="Learn", invite="i-1"))
    yield it("a member is renamed", [joined("p-ana")], Step("member_renamed", {"person": "p-ana", "name": "Anna"}))
    yield it("one who is not listed is renamed", [], Step("member_renamed", {"person": "p-x", "name": "X"}))
    yield it("a role changes", [joined("p-ana")], Step("role_changed", {"person": "p-ana", "role": "ta"}))
    yield it("the role of one who is not listed changes", [], Step("role_changed", {"person": "p-x", "role": "ta"}))
    yield it(
        "one named like nothing good is renamed",
        [],
        Step("member_renamed", {"person": "constructor", "name": "X"}),
    )
    yield it("a member leaves", [joined("p-ana"), joined("p-ben", "Ben")], left("p-ana"))
    yield it("a member leaves and returns", [joined("p-ana"), joined("p-ben", "Ben")], left("p-ana"), back)
    yield it("a room is listed", [], listed("general", kind="discussion"))
    yield it("a room is listed with defaults left out", [], listed("general"))
    yield it(
        "the last listing of a room holds, at its old place",
        [listed("a"), listed("b", "B")],
        listed("a", "Again", kind="session", closed=True),
    )
    yield it("unknown events and keys are passed over", [], Step("cohort_sang", {}), joined("p-ana", shoe=43))
    yield it("staff matters are passed over", [joined("p-ana")], Step("member_muted", _muting()))
    whole = case("cohort/demo", "", before=[FOUNDED, joined("p-ana")], then=[])["snapshot"]
    capped = {**whole, "member_count": 1_200}
    following = records("cohort/demo", [left("p-unlisted"), joined("p-new", "New")], head=1_300)
    yield {
        "name": "members beyond those a snapshot lists are counted all the same",
        "stream": "cohort/demo",
        "snapshot": capped,
        "records": following,
        "expected": fold("cohort/demo", capped, following),
    }


def _muting() -> Json:
    return {"room": "general", "person": "p-ana", "until": BEGAN_AT, "reason": "Noise"}


def read(room: str, seq: int, **data: Any) -> Step:
    return Step("read_marked", {"room": room, "seq": seq, **data})


def mentioned(message: int, **data: Any) -> Step:
    return Step("mentioned", {"room": "general", "message": message, **data}, "p-ben")


def user_cases() -> Iterator[Json]:
    def it(name: str, before: list[Step], *then: Step) -> Json:
        return case("user/p-ana", name, before=before, then=list(then))

    yield it("a room is read", [], read("general", 5))
    yield it("a marker goes forward", [read("general", 5)], read("general", 9))
    yield it("a marker never goes back", [read("general", 9)], read("general", 5))
    yield it("a thread has its own marker", [read("general", 9)], read("general", 7, thread=3), read("other", 1))
    yield it("a mention", [], mentioned(4))
    yield it("a mention in a thread", [], mentioned(4, thread=2))
    yield it("the newest mentions are kept", [mentioned(n) for n in range(1, 49)], *map(mentioned, range(49, 60)))
    replied = Step("replied", {"room": "general", "message": 8, "to": 4, "thread": 4})
    role = Step("role_changed", {"person": "p-ana", "role": "ta"})
    yield it("what else is told to a person is passed over", [], replied, role, Step("member_muted", _muting()))
    yield it("unknown events and keys are passed over", [], Step("praised", {}), read("general", 3, device="phone"))
    yield it("a room named like nothing good", [], read("constructor", 3), read("constructor", 4, thread=1))

    yield from mine_cases(it)


def mine_cases(it: Callable[..., Json]) -> Iterator[Json]:
    """My alias, and my questions that are not public."""

    def waits(question: str, text: str = "Why?", **data: Any) -> Step:
        return Step("question_asked", {"room": "general", "question": question, "text": text, **data}, "~blue-owl.1")

    dismissed = q("question_dismissed", "q-1", reason="unclear", note="Which heap?", room="general")
    yield it("an alias", [], alias_taken("~blue-owl.1"), alias_taken("~red-fox.2", room="other"))
    yield it("another alias in the same room", [alias_taken("~blue-owl.1")], alias_taken("~red-fox.2"))
    yield it("a question of mine waits", [], waits("q-1"), waits("q-2", "And?"))
    yield it("it is dismissed, with a note or without", [waits("q-1"), waits("q-2")], dismissed, _dismissed("q-2"))
    yield it("it is sent again", [waits("q-1"), dismissed], waits("q-1", "Which heap grows?", again=True))
    yield it("one that is not there is dismissed", [], dismissed, _dismissed("constructor"))
    for name, data in (
        ("published", {"message": 7, "asker": "~blue-owl.1", "asked_at": 5}),
        ("merged", {"into": "q-9"}),
        ("reopened", {}),
        ("withdrawn", {}),
        ("restored", {"status": "published", "undoes": 3}),
    ):
        yield it(f"it is {name}", [waits("q-1"), waits("q-2")], q(f"question_{name}", "q-1", **data))
    again = q("question_restored", "q-1", status="pending", undoes=3)
    yield it("its dismissal is undone", [waits("q-1"), dismissed], again)
    yield it("its approval is undone", [], waits("q-1", again=True), again)
    yield it("one that is not there waits again", [], q("question_restored", "constructor", status="pending", undoes=3))
    held = {"room": "general", "text": "Hm", "held": 4}
    yield it("what else a session tells me is passed over", [], Step("message_held", held))


def _dismissed(question: str) -> Step:
    return q("question_dismissed", question, reason="off_topic", room="general")


def alias_taken(alias: str, room: str = "general", person: str = "p-ana") -> Step:
    return Step("alias_taken", {"room": room, "alias": alias, "person": person}, alias)


# --- live sessions --------------------------------------------------------------------------------


def q(name: str, question: str, by: str = "p-olga", **data: Any) -> Step:
    """An event of a question."""
    return Step(name, {"question": question, **data}, by)


OPENED = Step("session_opened", {"title": "Heaps"}, "p-olga")
CLOSED = Step("session_closed", {}, "p-olga")


def asked(question: str, message: int, by: str = "p-ana", text: str = "Why?") -> list[Step]:
    """Its message, which must get this seq, and its publication."""
    published = {"message": message, "asker": by, "asked_at": BEGAN_AT + message}
    return [said(text, by, kind="question", question=question), q("question_published", question, by, **published)]


def answered_live(question: str, **data: Any) -> Step:
    return q("question_answered", question, **data)


def answered_text(question: str, message: int) -> Step:
    return q("question_answered", question, message=message)


def lit(name: str, before: list[Step], *then: Step) -> Json:
    """In a session: seq 1 is the room, 2 its opening."""
    return case("room/general", name, before=[CREATED, OPENED, *before], then=list(then))


def session_cases() -> Iterator[Json]:
    yield from life_cases()
    yield from question_cases()
    yield from every_step_of_a_question()
    yield from stage_cases()
    random = Random(SEED + 1)
    for number in range(12):
        before, then = _some_session(random, 40), _some_session(random, 60, head=42)
        yield lit(f"a random session, {number}", before, *then)


def life_cases() -> Iterator[Json]:
    marked = Step("session_marked", {"media_position_ms": 61_000, "label": "Slide 3"}, "p-olga")
    back = Step("session_marked", {"media_position_ms": 5, "rewound": True}, "p-olga")
    yield it("a session opens", [], OPENED)
    yield it("a session opens without a title", [], Step("session_opened", {}))
    yield lit("a session closes", [], CLOSED)
    yield lit("the next session begins with nothing", [*asked("q-1", 3), hand("p-ana"), poll(), CLOSED], OPENED)
    yield lit("it is marked", [], marked)
    yield lit("the last mark holds", [marked], back)
    yield it(
        "what is of a session is passed over before the first", [], *asked("q-1", 2), hand("p-ana"), marked, CLOSED
    )
    everything = [
        *asked("q-1", 3),
        q("question_answering", "q-1"),
        hand("p-ana"),
        called("p-ana"),
        poll(),
        held(),
        teams(),
    ]
    yield lit("a session closes in the middle of all", everything, CLOSED)
    yield lit("a session has unknown things in it", [], Step("session_marked", {"media_position_ms": 1, "mood": "x"}))


def question_cases() -> Iterator[Json]:
    one, two = asked("q-1", 3), asked("q-2", 5, "~blue-owl.1", "And why?")
    both = [*one, *two]
    answering = q("question_answering", "q-1")
    yield lit("a question is asked", [], *one)
    yield lit("questions keep the order of their publication", one, *two)
    yield lit("one outside the window is published", many(WINDOW + 1), q("question_published", "q-1", **_public(3)))
    yield lit("one waits", [], q("question_received", "q-1", "~"))
    yield lit("one that waited is approved", [q("question_received", "q-1", "~")], *asked("q-1", 4))
    yield lit("one that waits is sent again", [q("question_received", "q-1", "~"), _refused("q-1")], _again("q-1"))
    yield lit("one that was public is sent again", [*one, _refused("q-1")], _again("q-1"))
    yield lit("it is published again", [*one, _refused("q-1"), _again("q-1")], *asked("q-1", 7, text="Why so?"))
    yield lit("one that waits is merged and parted", [q("question_received", "q-9", "~"), *one], _merged("q-9", "q-1"))
    parted = [q("question_received", "q-9", "~"), _merged("q-9", "q-1")]
    yield lit("one that waited is parted and waits", parted, q("question_unmerged", "q-9"))
    yield lit("its text is edited, and it is reworded", both, edited(3, "Why so?", 1), q("question_reworded", "q-1"))
    yield lit("its message is redacted", both, redacted(3))
    yield lit("an edit of what is no question", [*one, said()], edited(5, "Now", 1), redacted(5))
    yield lit("one is answered at a time", [*both, answering], q("question_answering", "q-2"))
    yield lit("the one being answered again", [*both, answering], answering)
    yield lit("it is answered aloud, at a mark", [*both, answering], answered_live("q-1", media_position_ms=61_000))
    yield lit("it is answered in text", [*both, answered(3)], answered_text("q-1", 7))
    yield lit("aloud and then in text", [*both, answered_live("q-1", media_position_ms=5)], answered_text("q-1", 7))
    yield lit(
        "who asked is heard once for each", both, answered_live("q-1"), answered_live("q-2"), answered_live("q-2")
    )
    undone = q("question_restored", "q-1", status="answering", undoes=6)
    yield lit(
        "an answer is undone", [*one, answering, answered_live("q-1", media_position_ms=5), _accepted("q-1")], undone
    )
    back = q("question_restored", "q-1", status="answered_live", undoes=6)
    yield lit("the answer in text is undone", [*one, answered_live("q-1"), answered_text("q-1", 9)], back)
    yield lit("it is reopened", [*one, answered_live("q-1"), _accepted("q-1")], q("question_reopened", "q-1"))
    yield lit("it is highlighted and not", [*both, _lit("q-2")], _lit("q-1"), _lit("q-2", on=False))
    yield lit("it is carried", both, q("question_carried", "q-1", to="talk"), q("question_carried", "q-2", to="talk"))
    odd = [q(name, "constructor") for name in ("question_reopened", "question_highlighted", "question_reworded")]
    yield lit("one that is not there changes nothing", both, *odd, answered_live("q-x"), _merged("q-x", "q-1"))
    constructor = asked("q-1", 3, "constructor")
    yield lit("one by a person named like nothing good is answered", constructor, answered_live("q-1"))


def _public(message: int, asker: str = "p-ana") -> Json:
    return {"message": message, "asker": asker, "asked_at": BEGAN_AT}


def _refused(question: str) -> Step:
    return q("question_dismissed", question, reason="unclear")


def _again(question: str) -> Step:
    return q("question_received", question, "~", again=True)


def _merged(question: str, into: str) -> Step:
    return q("question_merged", question, into=into)


def _accepted(question: str, message: int = 9) -> Step:
    return q("answer_accepted", question, "p-ana", message=message)


def _lit(question: str, **data: Any) -> Step:
    return q("question_highlighted", question, **data)


STATUSES: dict[str, list[Step]] = {
    "waiting": [q("question_received", "q-1", "~")],
    "published": asked("q-1", 3),
    "answering": [*asked("q-1", 3), q("question_answering", "q-1")],
    "answered live": [*asked("q-1", 3), answered_live("q-1", media_position_ms=5)],
    "answered in text": [*asked("q-1", 3), answered_text("q-1", 4)],
    "merged": [*asked("q-1", 3), _merged("q-1", "q-2")],
    "dismissed": [*asked("q-1", 3), _refused("q-1")],
    "dismissed unseen": [q("question_received", "q-1", "~"), _refused("q-1")],
    "withdrawn": [*asked("q-1", 3), q("question_withdrawn", "q-1", "p-ana")],
    "carried": [*asked("q-1", 3), q("question_carried", "q-1", to="talk")],
}
CHANGES: dict[str, Step] = {
    "received": _again("q-1"),
    "published": q("question_published", "q-1", **_public(3)),
    "reworded": q("question_reworded", "q-1"),
    "merged": _merged("q-1", "q-2"),
    "unmerged": q("question_unmerged", "q-1"),
    "highlighted": _lit("q-1"),
    "answering": q("question_answering", "q-1"),
    "answered live": answered_live("q-1"),
    "answered in text": answered_text("q-1", 9),
    "dismissed": q("question_dismissed", "q-1", reason="not_now"),
    "reopened": q("question_reopened", "q-1"),
    "withdrawn": q("question_withdrawn", "q-1", "p-ana"),
    "carried": q("question_carried", "q-1", to="other"),
    "restored to pending": q("question_restored", "q-1", status="pending", undoes=3),
    "restored to published": q("question_restored", "q-1", status="published", undoes=3),
    "restored to answering": q("question_restored", "q-1", status="answering", undoes=3),
    "restored to answered": q("question_restored", "q-1", status="answered_live", undoes=3),
    "accepted": _accepted("q-1"),
}


def every_step_of_a_question() -> Iterator[Json]:
    """Whatever happens in whatever status, whether or not it can."""
    for status, before in STATUSES.items():
        for change, step in CHANGES.items():
            yield lit(f"one that is {status}: {change}", before, step)


def hand(whose: str, by: str = "") -> Step:
    return Step("hand_raised", {"hand": whose}, by or whose)


def lowered(whose: str, **data: Any) -> Step:
    return Step("hand_lowered", {"hand": whose, **data}, "p-olga")


def called(whose: str) -> Step:
    return Step("hand_called", {"hand": whose}, "p-olga")


def poll(**data: Any) -> Step:
    return Step("poll_opened", {"text": "Clear?", "options": ["Yes", "No"], **data}, "p-olga")


def held(**data: Any) -> Step:
    return Step("floor_held", data, "p-olga")


def teams(**data: Any) -> Step:
    made = [{"room": f"team-{n}", "name": f"Team {n}", "people": people} for n, people in ((1, ["p-ana"]), (2, []))]
    return Step("teams_formed", {"teams": made, **data}, "p-olga")


def stage_cases() -> Iterator[Json]:
    three = [hand("p-ana"), hand("~blue-owl.1"), hand("p-ben", "p-olga")]
    heard = {"why": "heard"}
    yield lit("hands go up", [], *three)
    yield lit("a hand that is up goes up again", three, hand("p-ana"))
    yield lit(
        "hands go down", three, lowered("p-ana"), lowered("~blue-owl.1", why="staff"), lowered("p-none", why="all")
    )
    yield lit("one is called, and stays up", three, called("~blue-owl.1"))
    yield lit("the next is called", [*three, called("p-ana")], lowered("p-ana", **heard), called("p-ben"))
    yield lit("the called one takes it down", [*three, called("p-ana")], lowered("p-ana"))
    yield lit(
        "one is heard again and again", three, lowered("p-ana", **heard), hand("p-ana"), lowered("p-ana", **heard)
    )
    yield lit("one named like nothing good is heard", [hand("constructor")], lowered("constructor", **heard))
    closed = Step("poll_closed", {"poll": 3, "answered": 4, "results": [3, 1]}, "p-olga")
    yield lit("a poll opens", [], poll())
    whole = {"kind": "multiple", "options": ["A", "B", "C"], "anonymous": False, "again": 3}
    yield lit("polls of all kinds", [poll()], poll(**whole), poll(kind="scale"), Step("poll_opened", _short(), "p-bot"))
    yield lit("a poll closes, another does not", [poll(), poll()], closed)
    texts = Step("poll_closed", {"poll": 3, "answered": 2, "texts": ["a", "b"]}, "p-olga")
    yield lit("short answers are told", [Step("poll_opened", _short())], texts)
    yield lit("a poll that is not there closes", [said(), poll()], closed)
    released = Step("floor_released", {}, "~")
    yield lit("the floor is held", [], held())
    yield lit("a think timer", [], held(until=BEGAN_AT + 60_000, prompt="Think", shown_to="answered"))
    yield lit("the floor is released, and what was held follows", [held()], released, said("Hm", held_at=BEGAN_AT + 3))
    yield lit("teams are formed", [], teams(how="mixed", until=BEGAN_AT))
    yield lit("teams are recalled and formed anew", [teams()], Step("teams_recalled", {}), teams())


def _short() -> Json:
    return {"text": "In a word?", "kind": "short"}


def _some_session(random: Random, count: int, *, head: int = 2) -> list[Step]:
    """Events of a session in any order; they need not make sense."""
    steps: list[Step] = []
    for _ in range(count):
        head += 1
        id = f"q-{_below(random, 6)}"
        who = _one(random, ["p-ana", "p-ben", "~blue-owl.1", "constructor"])
        step = _one(random, list(CHANGES.values()))
        statuses = ["pending", "published", "answering", "answered_text", "merged", "dismissed"]
        steps.append(
            _one(
                random,
                [
                    *[Step(step.name, {**step.data, "question": id}, step.by)] * 8,
                    *[said(f"Why {head}?", who, kind="question", question=id)] * 3,
                    *[q("question_published", id, who, **_public(head - 1, who))] * 4,
                    q("question_restored", id, status=_one(random, statuses), undoes=head - 1),
                    edited(head - 2, f"Edited at {head}", head),
                    redacted(head - 3),
                    *[hand(who), lowered(who, why=_one(random, ["self", "heard"])), called(who)] * 2,
                    poll(),
                    Step("poll_closed", {"poll": head - 1 - _below(random, 9), "answered": 1, "results": [1, 0]}),
                    held(),
                    Step("floor_released", {}),
                    Step("message_hidden", {"message": head - 1, "reason": "Rude"}),
                    Step("answer_endorsed", {"message": head - 1, "reason": "evidence"}),
                    *([CLOSED, OPENED] if _below(random, 6) == 0 else []),
                ],
            )
        )
    return steps


# --- staff ----------------------------------------------------------------------------------------


def staff_cases() -> Iterator[Json]:
    def it(name: str, before: list[Step], *then: Step) -> Json:
        return case("room/general/staff", name, before=before, then=list(then))

    def waits(question: str, text: str = "Why?", **data: Any) -> Step:
        return Step("question_asked", {"room": "general", "question": question, "text": text, **data}, "~blue-owl.1")

    def kept(text: str = "Hm", **data: Any) -> Step:
        return Step("message_held", {"room": "general", "text": text, **data})

    def report(n: int = 1) -> Step:
        return Step("message_reported", {"message": n, "reason": f"Rude {n}"}, "p-ben")

    def note(n: int = 1) -> Step:
        return Step("staff_noted", {"text": f"Note {n}"}, "p-tad")

    yield it("nothing happens", [])
    yield it("questions wait", [], waits("q-1"), waits("q-2", "And?"))
    yield it("one is reworded", [waits("q-1"), waits("q-2")], q("question_reworded", "q-1", text="Why so?"))
    yield it("one that is not there is reworded", [waits("q-1")], q("question_reworded", "q-9", text="Why so?"))
    yield it("one is sent again", [waits("q-1"), waits("q-2")], waits("q-1", "Why so?", again=True))
    last = [waits(f"q-{n}") for n in range(limits.snapshot_asked - 1)]
    yield it("the last that were asked are kept", last, *[waits(f"r-{n}") for n in range(3)])
    yield it("messages are held", [], kept(), kept("So", kind="idea", reply_to=4, thread=2, why="approval"))
    yield it("they are released", [kept("1"), kept("2"), kept("3")], Step("held_released", {"held": [1, 3]}))
    rejected = {"room": "general", "held": 2, "reason": "Rude"}
    yield it("one is rejected", [kept("1"), kept("2")], Step("held_rejected", rejected, "p-tad"))
    yield it("what is not held is released and rejected", [kept()], Step("held_released", {"held": [9]}))
    yield it("reports and notes", [], report(), note(), report(2))
    yield it("the last reports and notes", [report(n) for n in range(49)], report(50), report(51), note())
    yield it("the last notes", [note(n) for n in range(50)], note(50))
    muted, unmuted = Step("member_muted", _muting(), "p-tad"), {"room": "general", "person": "p-ana", "reason": "Calm"}
    yield it("a member is muted", [], muted)
    yield it("a member is muted no more", [muted], Step("member_unmuted", unmuted, "p-tad"))
    owl = alias_taken("~blue-owl.1")
    looked = {"room": "general", "alias": "~blue-owl.1", "person": "p-ana", "reason": "Threats"}
    yield it("aliases are taken", [], owl, alias_taken("~red-fox.2", person="p-ben"))
    yield it("staff look behind one, twice", [owl], *[Step("alias_unmasked", looked, "p-tad")] * 2)
    present = [Step("attendance_noted", {"people": people}, "~") for people in (["p-ana"], ["p-ben", "p-ana"])]
    yield it("people attend", [present[0]], present[1])
    needed = {"room": "general", "person": "p-ana", "reason": "Rude"}
    sealed = {"room": "general", "alias": "~red-fox.2", "reason": "Rude"}
    approvals = [Step("approval_required", data, "p-tad") for data in (needed, sealed, needed)]
    yield it("approval is required", [], *approvals)
    free = [Step("approval_required", {**data, "on": False}, "p-tad") for data in (needed, sealed)]
    yield it("approval is required no more", approvals, free[0])
    yield it("approval is required of nobody any more", approvals, *free)
    words = [Step("word_filter_set", {"words": words}, "p-tad") for words in (["darn", "heck"], [])]
    yield it("words are filtered", [], words[0])
    yield it("words are filtered no more", words[:1], words[1])
    answers = Step("poll_answered", {"poll": 3, "choices": [1]})
    yield it("what else happens is passed over", [waits("q-1")], answers, _dismissed("q-1"), Step("constructor", {}))


# --- files ----------------------------------------------------------------------------------------

FILES: dict[str, Callable[[], Iterator[Json]]] = {
    "room.json": room_cases,
    "cohort.json": cohort_cases,
    "user.json": user_cases,
    "session.json": session_cases,
    "staff.json": staff_cases,
}


def text_of(cases: Iterator[Json]) -> str:
    """One line a record, so that a change shows as what it is."""
    return "[\n" + ",\n".join(_case_text(made) for made in cases) + "\n]\n"


def _case_text(made: Json) -> str:
    lines = ",\n    ".join(_line(record) for record in made["records"])
    return (
        f'{{"name": {_line(made["name"])}, "stream": {_line(made["stream"])},\n'
        f'  "snapshot": {_line(made["snapshot"])},\n'
        f'  "records": [\n    {lines}],\n'
        f'  "expected": {_line(made["expected"])}}}'
    )


def _line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).replace("\u2028", "\\u2028")


if __name__ == "__main__":
    for file, cases in FILES.items():
        (HERE / file).write_text(text_of(cases()), encoding="utf-8")
        print(f"{file}: {len(list(cases()))} cases")  # noqa: T201
