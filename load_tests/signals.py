"""P10: ten thousand reactions within a second in a room of a thousand: all in the log, told as tallies, exactly."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Sequence
from typing import Any

import httpx

from load_tests import process
from load_tests.crowd import Crowd, Member
from load_tests.fan_out import Unsound, settle
from load_tests.figures import Figure, at_least, at_most, part, plain
from load_tests.frames import masked
from load_tests.target import Tertulia
from tests.servers import Server

PEOPLE = 1_000
MESSAGES = 10
EMOJI = "👍"
WATCHED_EVERY = 50
DEADLINE_S = 60.0


class Tallying(Tertulia):
    """A Tertulia whose deliveries are tallies, and whose posts are reactions: number n is person n // 10's on message
    n % 10."""

    delivered = b'"type":"tally"'
    numbered = re.compile(rb"(?!)()")

    def __init__(self, server: Server, *, messages: Sequence[int]) -> None:
        super().__init__(server, connections_of_one=1)
        self._messages = messages

    def post(self, number: int, *, room: str) -> bytes:
        command = {
            "type": "set_reaction",
            "id": number,
            "key": f"reaction-{number:08}",
            "room": room,
            "message": self._messages[number % MESSAGES],
            "emoji": EMOJI,
        }
        return masked(json.dumps(command, ensure_ascii=False).encode())


def signals(server: Server, seconds: float) -> dict[str, Figure]:
    """P10, within one second; `seconds` is how long the tallies are watched after that."""
    with process.apart([server.pid]), httpx.Client(base_url=server.url, trust_env=False, timeout=30.0) as http:
        seqs = _say(server)
        crowd = Crowd(Tallying(server, messages=seqs))
        try:
            members = crowd.connect(PEOPLE)
            for member in members:
                member.is_writer = True
            return _react(crowd, members, seqs, http, watch_s=seconds)
        finally:
            crowd.close()


def _say(server: Server) -> list[int]:
    """The seqs of the messages that will be reacted to."""
    target = Tertulia(server)
    crowd = Crowd(target)
    try:
        (writer,) = crowd.connect(1, is_reader=False)
        crowd.say(writer, b"".join(target.post(number, room="general") for number in range(MESSAGES)))
        while crowd.acks < MESSAGES:
            crowd.read(1.0)
        settle(crowd, 0)
    finally:
        crowd.close()
    with httpx.Client(base_url=server.url, trust_env=False) as http:
        messages = _get(http, target, "/api/rooms/general/messages")["messages"]
    return [message["seq"] for message in messages][-MESSAGES:]


def _react(
    crowd: Crowd, members: Sequence[Member], seqs: Sequence[int], http: httpx.Client, *, watch_s: float
) -> dict[str, Figure]:
    target, wanted = crowd.target, PEOPLE * MESSAGES
    waits_s: list[float] = []
    watched = members[::WATCHED_EVERY]
    told_at: list[list[float]] = [[] for _ in watched]
    told = [member.deliveries for member in watched]
    sent, cpu_s, begun = 0, process.cpu_s(target.pids), time.perf_counter()
    quiet_at = begun + DEADLINE_S
    while (now := time.perf_counter()) < quiet_at:
        due = min(wanted, int((now - begun) * wanted))
        for number in range(sent, due):  # one second for all of them; nobody waits for anybody
            crowd.say(members[number // MESSAGES], target.post(number, room="general"))
        sent = due
        acks = crowd.acks
        crowd.read(0.01)
        now = time.perf_counter()
        waits_s += [now - (begun + number / wanted) for number in range(acks, crowd.acks)]
        for place, member in enumerate(watched):
            told_at[place] += [now] * (member.deliveries - told[place])
            told[place] = member.deliveries
        if crowd.acks == wanted and quiet_at == begun + DEADLINE_S:
            quiet_at = now + watch_s
    if crowd.acks != wanted or crowd.refused:
        raise Unsound([f"{crowd.acks} of {wanted} reactions were accepted, {crowd.refused} refused"])
    assert isinstance(target, Tertulia)
    tallies = _get(http, target, "/api/rooms/general/messages")["tallies"]
    tallied = sum(tallies.get(str(seq), {}).get(EMOJI, 0) for seq in seqs)
    busiest = max(_most_in_a_second(times) for times in told_at)
    return {
        "P10_tallied": at_least(tallied, "reactions of 10,000 in the tallies", wanted),
        "P10": at_most(busiest, "tallies in any second, busiest reader", 4),
        "P10_acked_in_s": plain(max(waits_s) + 1.0, "s until all are durable"),
        "P10_ack_p50_ms": plain(part(waits_s, 0.5) * 1000, "ms to the ack"),
        "P10_cpu_s": plain(process.cpu_s(target.pids) - cpu_s, "CPU-s"),
    }


def _most_in_a_second(times: Sequence[float]) -> int:
    return max((sum(begin <= at < begin + 0.999 for at in times) for begin in times), default=0)


def _get(http: httpx.Client, target: Tertulia, path: str) -> Any:
    answer = http.get(path, headers={"Authorization": f"Bearer {target.token(0)}"})
    answer.raise_for_status()
    return answer.json()
