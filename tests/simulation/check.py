"""What is looked at while it happens: every event, answer and byte is compared with the log the moment it is seen.

What can only be said at the end is in verdict.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from tertulia.domain.ids import (
    RoomId,
    StreamName,
    is_stream_name,
    room_stream,
    stream_kind,
    stream_owner,
)
from tertulia.domain.policy import is_staff
from tertulia.domain.refusals import Refusal
from tests.simulation.fold import Fold
from tests.simulation.frames import records_of

if TYPE_CHECKING:
    from tests.simulation.client import Client
    from tests.simulation.link import Link
    from tests.simulation.reader import Reader
    from tests.simulation.sender import Sent
    from tests.simulation.world import World

FAULTS_MAX = 5
"""The first ones tell; the others follow from them."""
TURNS = 60
"""Turns of the loop from a commit to a reader's bytes, at most: some for each slice, twice, as a flush is paced."""

_read = msgspec.json.Decoder().decode


AT_THE_DOOR = ("banned", "not_a_member")


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

    def prompt(self, client: Client, reader: Reader, seq: int) -> None:
        """Where the bus tells everything, nothing waits for a head check, nor for the next event."""
        if not self._world.plan.is_bus_sure:
            return
        plan, at_s = self._world.plan, self._world.log.written_s[reader.stream, seq]
        bound_s = 0.2 + 4 * plan.log.slow_s_max + plan.weather.delay_s_max + 2 * client.latency_s + TURNS * plan.turn_s
        took_s = self._world.now_s() - max(at_s, reader.live_since_s)
        if took_s > bound_s:
            self.blame(f"{client.name} was told of {reader.stream} {seq} only after {took_s:.3f} s")

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
                        if not self._is_said_elsewhere(text.encode(), stream):
                            self._gone_texts[text.encode()] = commit.at_s
        self._looked_at = len(log.commits)

    def _is_said_elsewhere(self, text: bytes, stream: StreamName) -> bool:
        """A question that was carried is a message of its own in the other room: each is redacted by itself."""
        rooms = (other for other in self._world.log.streams if other != stream and stream_kind(other) == "room")
        return any(text in entry.data for room in rooms for entry in self._world.log.streams[room])

    # --- answers ----------------------------------------------------------------------------------------------------

    def accepted(self, client: Client, sent: Sent, record: dict[str, Any]) -> None:
        """It is durable, where the answer says, and there once."""
        log, command = self._world.log, sent.command
        receipt = log.receipts_by_key.get((sent.person, command.key))
        if receipt is None:
            self.blame(f"{client.name}: accepted, but not in the log: {command}")
        elif (record["stream"], record["seq"]) != (receipt.stream, receipt.seq):
            self.blame(f"{client.name}: accepted at {record['stream']} {record['seq']}, but stands at {receipt}")

    def refused(self, client: Client, sent: Sent, record: dict[str, Any], *, sent_s: float) -> None:
        """For good: then it had not happened when the copy that this answers was sent, and the reason was true at some
        moment since it was made. (Another copy may yet be accepted, or was meanwhile.)"""
        self._look_at_commits()
        command, code = sent.command, record["code"]
        is_at_the_door = code in AT_THE_DOOR  # who may not come in is told so, and nothing of what they said before
        if not is_at_the_door and self.decided_s.get((sent.person, command.key), sent_s) < sent_s:
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

    def _true_refusals(self, sent: Sent) -> set[str]:
        """What the rules say of the command on each state the log had since it was made, by the clocks of all nodes."""
        world, found = self._world, set[str]()
        fold = Fold(world.cohort)

        def look() -> None:
            for skew_ms in {0, *world.plan.skews_ms}:
                verdict = fold.decide(sent.command, sent.person, at=world.wall_ms() + skew_ms)
                found.add(verdict.code if isinstance(verdict, Refusal) else "")

        for number, commit in enumerate(world.log.commits):
            for entries in commit.effects:
                if number >= sent.commits_before:
                    look()
                fold.take(entries)
        look()
        return found


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
