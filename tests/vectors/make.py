"""The fold vectors: a snapshot, records that follow it, the state they must give; for both languages.

`python tests/vectors/make.py` writes `room.json`, `cohort.json` and `user.json` beside this file; they are
committed, and tests/test_domain_view.py checks that they are what this makes and tests the fold itself by
another reckoning. Deterministic: a fixed seed, and of `Random` only `random()`, which Python promises to
keep.
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
        case "cohort":
            return _json(view.new_cohort_view(owner))
        case _:
            return _json(view.new_user_view())


def fold(stream: str, snapshot: Json, following: list[Json]) -> Json:
    """The server's fold, from JSON to JSON."""
    kind = stream_kind(StreamName(stream))
    views: dict[str, tuple[type[Any], Callable[..., None]]] = {
        "room": (view.RoomView, view.apply_room),
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
    every = {"name": "N", "topic": "T", "emoji": ["💡"], "slow_mode_s": 5}
    yield it("all settings change", [], Step("room_changed", every))
    yield it("a change with nulls changes nothing", [], Step("room_changed", dict.fromkeys(every)))
    yield it("locked with a reason", [], Step("room_locked", {"reason": "Lecture"}))
    yield it("locked and unlocked", [], Step("room_locked", {}), Step("room_unlocked", {}))
    yield it("closed", [], Step("room_locked", {}), Step("room_closed", {"reason": "Over"}))
    yield it("closed and opened", [], Step("room_closed", {}), Step("room_opened", {}))


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


# --- files ----------------------------------------------------------------------------------------

FILES: dict[str, Callable[[], Iterator[Json]]] = {
    "room.json": room_cases,
    "cohort.json": cohort_cases,
    "user.json": user_cases,
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
