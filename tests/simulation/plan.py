"""What will go wrong in one run, and for whom: everything is drawn from the seed, before it begins."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from random import Random
from typing import Literal

from tertulia.domain.ids import RoomId
from tests.simulation.client import Person
from tests.simulation.lossy_bus import Weather
from tests.simulation.people import ASSISTANT, EXPENDABLE, PEOPLE

TroubleKind = Literal["cut", "away", "freeze", "crash", "drain", "islands", "log_down", "ban", "demote"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    at_s: float
    kind: TroubleKind
    who: int
    """The number of a client or a host."""
    for_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """One client. `acts`: how many times its person does something while it lasts."""

    name: str
    person: Person
    codec: Literal["json", "msgpack"]
    latency_s: float
    bytes_per_s: float | None
    acts: int
    comes_at_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LogFaults:
    slow_s_max: float
    lost_reply: float
    refused: float
    unreadable: float


@dataclass(slots=True, kw_only=True)
class Plan:
    seed: int
    skews_ms: list[int]
    """One for each host: how wrong its clock is."""
    devices: list[Device]
    rooms: list[RoomId]
    weather: Weather
    log: LogFaults
    active_s: float
    limits: dict[str, int | float] = field(default_factory=dict)
    troubles: list[Trouble] = field(default_factory=list)
    rate_limited: float = 0.0
    turn_s: float = 0.0
    """What one turn of the loop takes. Flushes in several slices then last, and are paced."""
    has_session: bool = False
    """The room is one for live sessions, and people use it so."""
    is_bus_sure: bool = False
    """The bus tells everything and there are no head checks. Nobody comes to the last node before the end, so that it
    opens all its channels while somebody speaks."""

    def lines(self) -> list[str]:
        return [
            f"seed {self.seed}: {len(self.skews_ms)} nodes (clocks off by {self.skews_ms} ms), {self.active_s:.0f} s, "
            f"{self.turn_s * 1000} ms a turn",
            f"  limits {self.limits}",
            f"  {self.weather}",
            f"  {self.log}",
            *(f"  {device}" for device in self.devices),
            *(
                f"  {trouble.at_s:7.3f} {trouble.kind} {trouble.who} for {trouble.for_s:.3f} s"
                for trouble in self.troubles
            ),
        ]


SMALL: dict[str, list[int | float]] = {
    "tail_records": [3, 10, 512],
    "page_events_max": [5, 12, 500],
    "resume_bytes_max": [1_000, 131_072],
    "queue_bytes_max": [1_500, 4_000, 262_144],
    "snapshot_messages": [4, 50],
    "checkpoint_every_events": [3, 10, 500],
    "lane_batch_commands_max": [2],
    "message_facts_max": [6, 2_048],
    "flush_slice_readers": [1, 1, 2, 256],
    "channel_idle_s": [2.0, 60.0],
    "presence_grace_s": [1.5],
}
"""Limits as small as a short run can reach."""


def draw(seed: int) -> Plan:
    random = Random(seed)
    active_s = random.uniform(8.0, 16.0)
    limits = {name: random.choice(values) for name, values in SMALL.items()}
    limits["flush_reader_s_max"] = 10.0  # there are few readers, and a turn may be long: pacing is to happen
    limits["queue_bytes_low"] = limits["queue_bytes_max"] // 2
    hosts = random.choice([2, 2, 3])
    plan = Plan(
        seed=seed,
        skews_ms=[random.choice([0, 0, random.randint(-400, 400)]) for _ in range(hosts)],
        devices=[_device(random, number, active_s) for number in range(random.randint(4, 8))],
        rooms=[RoomId("general")],
        weather=Weather(
            lost=random.choice([0.0, 0.05, 0.3, 1.0]),
            repeated=random.choice([0.0, 0.1, 0.4]),
            delay_s_max=random.choice([0.001, 0.02, 0.3]),
            is_reconnect_told=random.random() < 0.5,
        ),
        log=LogFaults(
            slow_s_max=random.choice([0.0, 0.002, 0.02, 0.1]),
            lost_reply=random.choice([0.0, 0.0, 0.05, 0.2]),
            refused=random.choice([0.0, 0.0, 0.1]),
            unreadable=random.choice([0.0, 0.0, 0.0, 0.15]),
        ),
        active_s=active_s,
        limits=limits,
        rate_limited=random.choice([0.0, 0.0, 0.05]),
        turn_s=random.choice([0.0, 0.001, 0.01]),
        has_session=Random(f"session {seed}").random() < 0.5,
    )
    plan.troubles = sorted(
        (_trouble(random, plan, active_s) for _ in range(random.randint(2, 10))), key=lambda trouble: trouble.at_s
    )
    if random.random() < 0.25:
        _spare_the_bus(plan)
    return plan


def _spare_the_bus(plan: Plan) -> None:
    """A bus that tells everything, of a log that says what it did: then nothing may have to wait for a head check."""
    plan.is_bus_sure = True
    plan.limits["head_check_s"] = 3_600.0
    plan.weather.lost = 0.0
    plan.log = replace(plan.log, lost_reply=0.0, unreadable=0.0, slow_s_max=0.1)
    plan.troubles = [one for one in plan.troubles if one.kind in ("cut", "away", "freeze", "ban", "demote")]


def _device(random: Random, number: int, active_s: float) -> Device:
    one = PEOPLE[number]
    return Device(
        name=f"{one.name.lower()}-{number}",
        person=one,
        codec=random.choice(["json", "json", "msgpack"]),
        latency_s=random.choice([0.001, 0.03, 0.2]),
        bytes_per_s=random.choice([None, None, None, 20_000, 2_000]),
        acts=random.randint(8, 24),
        comes_at_s=random.choice([0.0, random.uniform(0, active_s)]),
    )


def _trouble(random: Random, plan: Plan, active_s: float) -> Trouble:
    kind = random.choice(_TROUBLES)
    match kind:
        case "cut" | "away" | "freeze":
            who = random.randrange(len(plan.devices))
        case "ban":
            who = EXPENDABLE
        case "demote":
            who = ASSISTANT
        case _:
            who = random.randrange(len(plan.skews_ms))
    return Trouble(at_s=random.uniform(0.5, active_s), kind=kind, who=who, for_s=random.uniform(0.05, 6.0))


_TROUBLES: list[TroubleKind] = ["cut", "cut", "cut", "away", "away", "freeze", "crash", "drain", "islands", "log_down"]
_TROUBLES += ["ban", "demote"]
