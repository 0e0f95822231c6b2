"""What is looked at while it happens: every event, answer and byte is compared with the log the moment it is seen.

What can only be said at the end is in verdict.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from tertulia.domain.cohort import CohortState, apply_cohort, apply_cohort_staff, asker_of, decide_cohort
from tertulia.domain.commands import CohortCommand, MarkRead, RoomCommand
from tertulia.domain.decide_room import decide_room, facts_needed
from tertulia.domain.ids import (
    CohortId,
    RoomId,
    StreamName,
    is_stream_name,
    room_stream,
    stream_kind,
    stream_owner,
)
from tertulia.domain.policy import is_staff
from tertulia.domain.refusals import Refusal
from tertulia.domain.room import RoomState, apply_room, apply_room_staff
from tertulia.wire.stored import decode_event
from tests.simulation.frames import records_of
from tests.simulation.model_log import ModelLog, facts_of

if TYPE_CHECKING:
    from tests.simulation.client import Client
    from tests.simulation.link import Link
    from tests.simulation.sender import Sent
    from tests.simulation.world import World

FAULTS_MAX = 5
"""The first ones tell; the others follow from them."""

_read = msgspec.json.Decoder().decode


class Check:
    """`faults` holds what was found, each once."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.faults: list[str] = []
        self._gone_texts: dict[bytes, float] = {}
        """Texts that were redacted, by when it was committed."""
        self._looked_at = 0
        self.decided_s: dict[tuple[str, str], float] = {}
        """When the command with this key was written."""
        self._banned: dict[str, float] = {}
        self._demoted: dict[str, float] = {}

    def blame(self, what: str) -> None:
        if len(self.faults) < FAULTS_MAX and what not in self.faults:
            self.faults.append(what)
            self._world.trace.note("CHECK", what)

    # --- records ----------------------------------------------------------------------------------------------------

    def may_read(self, client: Client, stream: StreamName) -> None:
        kind, owner = stream_kind(stream), stream_owner(stream)
        if kind == "room/signals" or (kind.endswith("/staff") and not client.person.is_staff):  # and see `wrote`
            self.blame(f"{client.name}, {client.person.role}, hears of {stream}")
        if kind == "user" and owner != client.person.id:
            self.blame(f"{client.name} hears of {stream}")

    def event(self, client: Client, stream: StreamName, raw: bytes, record: dict[str, Any], *, is_json: bool) -> None:
        """It is in the log, with these bytes."""
        self.may_read(client, stream)
        versions = self._world.log.versions.get((stream, record["seq"]), [])
        if (raw not in versions) if is_json else (record not in [_read(version) for version in versions]):
            self.blame(f"{client.name} was given {stream} {record['seq']} as the log never held it: {record}")

    def wrote(self, link: Link, frame: bytes) -> None:
        """Bytes leave a node: not to the banned, and no text that was redacted a while ago."""
        self._look_at_commits()
        must_have_heard, never = self._world.must_have_heard, float("inf")
        for text, at_s in self._gone_texts.items():
            if text in frame and must_have_heard(at_s):
                self.blame(f"a text redacted at {at_s:.3f} is given out: {text.decode()}")
        member = link.conversation.member
        if member is not None and must_have_heard(self._banned.get(member.person, never)):
            self.blame(f"{member.person} was banned at {self._banned[member.person]:.3f} and is still told things")

        if b"/staff" in frame and member is not None and must_have_heard(self._demoted.get(member.person, never)):
            for _, record in records_of(frame, link.framing):
                if record["type"] in ("event", "snapshot", "live", "lag", "head") and "/staff" in record["stream"]:
                    self.blame(f"{member.person} is no longer staff and is told {record}")

    def _look_at_commits(self) -> None:
        log = self._world.log
        for commit in log.commits[self._looked_at :]:
            for planned in (planned for decided in commit.append.decisions for planned in decided.events):
                if planned.name == "member_banned":
                    self._banned[_read(planned.data)["person"]] = commit.at_s
                elif planned.name == "member_returned":
                    self._banned.pop(_read(planned.data)["person"], None)
                elif planned.name == "role_changed":
                    changed = _read(planned.data)
                    self._demoted.pop(changed["person"], None)
                    if not is_staff(changed["role"]):
                        self._demoted[changed["person"]] = commit.at_s
            for decided in commit.append.decisions:
                if decided.key is not None:
                    self.decided_s.setdefault((decided.author, decided.key), commit.at_s)
                for stream, message in decided.redacts:
                    for text in texts_of(log.versions, stream, message, len(log.streams[stream])):
                        self._gone_texts[text.encode()] = commit.at_s
        self._looked_at = len(log.commits)

    # --- answers ----------------------------------------------------------------------------------------------------

    def accepted(self, client: Client, sent: Sent, record: dict[str, Any]) -> None:
        """It is durable, where the answer says, and there once."""
        log, command = self._world.log, sent.command
        receipt = log.receipts_by_key.get((sent.person, command.key))
        if receipt is None:
            self.blame(f"{client.name}: accepted, but not in the log: {command}")
        elif (record["stream"], record["seq"]) != (receipt.stream, receipt.seq):
            self.blame(f"{client.name}: accepted at {record['stream']} {record['seq']}, but stands at {receipt}")

    def refused(self, client: Client, sent: Sent, record: dict[str, Any]) -> None:
        """For good: then it had not happened when it was last sent, and the reason was true at some moment since it
        was made. (A copy that is still under way on another connection may yet be accepted.)"""
        self._look_at_commits()
        command, code = sent.command, record["code"]
        if self.decided_s.get((sent.person, command.key), sent.last_sent_s) < sent.last_sent_s:
            self.blame(f"{client.name}: refused ({code}) although it had happened: {command}")
        elif code not in self._true_refusals(sent):
            self.blame(f"{client.name}: refused as {code}, which was never true since it was asked: {command}")

    def denied(self, client: Client, stream: StreamName, code: str) -> None:
        if is_stream_name(stream) and self._truly_denied(client, stream) != code:
            self.blame(f"{client.name}: {stream} denied as {code}")

    def _truly_denied(self, client: Client, stream: StreamName) -> str:
        kind, owner = stream_kind(stream), stream_owner(stream)
        if kind.startswith("room") and not self._world.log.head(room_stream(RoomId(owner))):
            return "unknown_room"
        if kind.startswith("cohort") and owner != self._world.cohort:
            return "unknown_stream"
        if kind == "room/signals" or kind.endswith("/staff"):
            return "not_allowed"
        return "unknown_stream" if kind == "user" and owner != client.person.id else ""

    def _true_refusals(self, sent: Sent) -> list[str]:
        """What `decide` says of the command on each state the log had since it was made."""
        command, found = sent.command, []
        fold = Fold(self._world.cohort, RoomId(command.room) if isinstance(command, RoomCommand | MarkRead) else None)
        for number, commit in enumerate(self._world.log.commits):
            for places in commit.effects:
                if number >= sent.commits_before:
                    found += fold.verdicts(self._world, sent)
                fold.take(self._world.log, places)
        return found + fold.verdicts(self._world, sent)


class Fold:
    """The states a decision looks at, after each decision that was written."""

    def __init__(self, cohort: CohortId, room: RoomId | None) -> None:
        self.cohort = CohortState(cohort=cohort)
        self.room = None if room is None else RoomState(room=room)

    def take(self, log: ModelLog, places: list[tuple[StreamName, int]]) -> None:
        for stream, seq in places:
            entry = log.streams[stream][seq - 1]
            event, owner = decode_event(entry), stream_owner(stream)
            match stream_kind(stream):
                case "cohort":
                    apply_cohort(self.cohort, seq=seq, event=event)
                case "cohort/staff":
                    apply_cohort_staff(self.cohort, seq=seq, event=event)
                case "room" if self.room is not None and owner == self.room.room:
                    apply_room(self.room, seq=seq, at=entry.at, by=entry.by, event=event)
                case "room/staff" if self.room is not None and owner == self.room.room:
                    apply_room_staff(self.room, seq=seq, event=event)
                case _:
                    pass

    def verdicts(self, world: World, sent: Sent) -> list[str]:
        """The codes it may be refused with on these states ("" when it is not), by the clocks of various nodes."""
        return [
            self._verdict(world, sent, at=world.wall_ms() + skew_ms) for skew_ms in sorted({0, *world.plan.skews_ms})
        ]

    def _verdict(self, world: World, sent: Sent, *, at: int) -> str:
        asker = asker_of(self.cohort, sent.person, at=at)
        if isinstance(asker, Refusal):
            return asker.code
        command = sent.command
        if isinstance(command, CohortCommand):
            verdict: Any = decide_cohort(self.cohort, command, asker=asker, at=at, new_id="x")  # type: ignore[arg-type]
        elif self.room is None or self.room.room not in self.cohort.rooms:
            return "unknown_room"
        elif isinstance(command, MarkRead):
            return ""
        else:
            facts = facts_of(world.log.streams.get(room_stream(self.room.room), [])[: self.room.head])
            needed = facts_needed(command)
            self.room.facts = {needed: facts[needed]} if needed in facts else {}
            verdict = decide_room(self.room, command, asker=asker, roles=self.cohort.roles, at=at)
        return verdict.code if isinstance(verdict, Refusal) else ""


def texts_of(
    versions: dict[tuple[StreamName, int], list[bytes]], stream: StreamName, message: int, head: int
) -> list[str]:
    """All wordings a message ever had."""
    texts = []
    for seq in range(message, head + 1):
        first = _read(versions[stream, seq][0])
        data = first["data"]
        is_it = first["name"] == "message_posted" and seq == message
        if (is_it or (first["name"] == "message_edited" and data["message"] == message)) and data.get("text"):
            texts.append(data["text"])
    return texts
