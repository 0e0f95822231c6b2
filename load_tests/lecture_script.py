"""What is done in a lecture, by whom and when: drawn from a seed, before it begins, and nothing else decides it.

People are numbers: 0 the instructor, then two TAs, then those who speak under an alias, then the rest. Questions and
messages are numbers too, of this script; what ids the server gives them is found out while it is played. A deed is due
at `at_s`, and is done once what it is about is there (`lecture_play.py`), so that a slow server delays and refuses
nothing.
"""

from __future__ import annotations

from random import Random
from typing import Final, Literal, NamedTuple

Kind = Literal[
    "open",
    "close",
    "talk",
    "react",
    "ask",
    "vote",
    "unvote",
    "now",
    "live",
    "answer",
    "text",
    "accept",
    "merge",
    "undo",
    "dismiss",
    "resend",
    "approve",
    "withdraw",
    "poll",
    "choose",
    "end_poll",
    "raise",
    "lower",
    "call",
    "lower_all",
    "pace",
    "mark",
    "hold",
    "release",
]

STAFF: Final = (0, 1, 2)
FULL_SIZE: Final = 500
AGAIN_EVERY: Final = 50
"""So often a command is sent twice with its key, as by a client that did not hear the answer."""
_SENTENCE: Final = "why does the heap keep its order when a leaf is moved up and what if two keys are equal"
_WORDS: Final = _SENTENCE.split(" ")


class Deed(NamedTuple):
    """`what`: the question, message, poll or hand it is about. `other`: a second one, or a choice."""

    at_s: float
    order: int
    kind: Kind
    who: int
    what: int = 0
    other: int = 0
    text: str = ""


class Size(NamedTuple):
    """How large a lecture is. `talk_per_s`: messages a second."""

    clients: int = FULL_SIZE
    seconds: float = 60.0
    talk_per_s: float = 20.0
    questions: int = 200
    votes: int = 5_000

    @property
    def aliases(self) -> range:
        """Who speaks under an alias and never else."""
        return range(3, 3 + max(2, self.clients * 20 // FULL_SIZE))

    @property
    def learners(self) -> range:
        return range(3, self.clients)


def sized(clients: int, seconds: float) -> Size:
    """A lecture of fewer people is smaller in all."""
    share = min(1.0, clients / FULL_SIZE)
    return Size(clients, seconds, max(4.0, 20.0 * share), max(12, int(200 * share)), max(40, int(5_000 * share)))


def deeds(size: Size, seed: int) -> list[Deed]:
    """The lecture, in the order it is due."""
    script = _Script(size, Random(seed))
    script.add(0.0, "open", 0)
    script.talk()
    script.questions()
    script.votes()
    script.polls()
    script.stage()
    script.add(size.seconds, "close", 0)
    return sorted(script.deeds)


class _Script:
    def __init__(self, size: Size, random: Random) -> None:
        self.deeds: list[Deed] = []
        self._size, self._random = size, random
        self._begin_s, self._end_s = 0.02 * size.seconds, 0.97 * size.seconds
        self._pause_s = 0.02 * size.seconds
        self._messages = 0
        self._asked: dict[int, tuple[int, float, float]] = {}
        """Question → who asked, when, and until when it may be voted for."""

    def add(self, at_s: float, kind: Kind, who: int, what: int = 0, *, other: int = 0, text: str = "") -> None:
        self.deeds.append(Deed(at_s, len(self.deeds), kind, who, what, other, text))

    # --- talk ----------------------------------------------------------------------------------------------------

    def talk(self) -> None:
        """Messages by people who differ much in how often they speak; some are replies, some get reactions."""
        random, size = self._random, self._size
        count = int(size.seconds * size.talk_per_s)
        weights = [1 / (1 + place % 40) for place in range(size.clients)]
        speakers = random.choices(range(size.clients), weights, k=count)
        at_s = [self._begin_s + (self._end_s - self._begin_s) * place / count for place in range(count)]
        for message, (when_s, who) in enumerate(zip(at_s, speakers, strict=True), start=1):
            earlier = message - int(3 * size.talk_per_s)
            reply_to = random.randint(1, earlier) if earlier > 0 and random.random() < 0.15 else 0
            self.add(when_s, "talk", who, message, other=reply_to, text=self._words())
            if random.random() < 0.4 and when_s + 1.0 < self._end_s:
                self.add(when_s + random.uniform(0.2, 1.0), "react", random.choice(size.learners), message)
        self._messages = count

    def _words(self) -> str:
        return " ".join(self._random.choices(_WORDS, k=self._random.choice([3, 8, 20])))

    def _learner(self, *, but: int = 0) -> int:
        return next(who for who in iter(lambda: self._random.choice(self._size.learners), None) if who != but)

    # --- questions -----------------------------------------------------------------------------------------------

    def questions(self) -> None:
        """Each with its fate: answered aloud one after the other, or in text, merged, dismissed, withdrawn, left."""
        random, size = self._random, self._size
        spoken_s, step_s = self._begin_s, 0.9 * size.seconds / (0.36 * size.questions + 1)
        for question in range(1, size.questions + 1):
            asker = self._learner()
            asked_s = self._begin_s + 0.8 * size.seconds * question / size.questions
            self.add(asked_s, "ask", asker, question, text=self._words())
            fate = random.choices(["live", "text", "merge", "dismiss", "withdraw", ""], [35, 10, 8, 7, 3, 37])[0]
            fate_s = asked_s + random.uniform(2.0, 5.0) * self._pause_s
            if fate == "live":
                fate_s = spoken_s = max(fate_s, spoken_s + step_s)
            if not fate or fate_s + 5 * self._pause_s > self._end_s:
                self._asked[question] = asker, asked_s, self._end_s
                continue
            self._asked[question] = asker, asked_s, fate_s - 0.5 * self._pause_s
            self._befall(question, asker, fate, fate_s, step_s)

    def _befall(self, question: int, asker: int, fate: str, at_s: float, step_s: float) -> None:
        random, pause_s, staff = self._random, self._pause_s, self._random.choice(STAFF)
        is_undone = random.random() < 0.3
        match fate:
            case "live":
                self.add(at_s, "now", 0, question)
                self.add(at_s + 0.6 * step_s, "live", 0, question)
            case "text":
                self._messages += 1
                self.add(at_s, "answer", staff, question, other=self._messages, text=self._words())
                self.add(at_s + pause_s, "text", staff, question, other=self._messages)
                if is_undone:
                    self.add(at_s + 2 * pause_s, "accept", asker, question, other=self._messages)
            case "merge":
                open_ones = [q for q, (_, _, until_s) in self._asked.items() if until_s == self._end_s]
                if open_ones:
                    self.add(at_s, "merge", staff, question, other=random.choice(open_ones))
                if open_ones and is_undone:
                    self.add(at_s + pause_s, "undo", staff, question)
            case "dismiss":
                self.add(at_s, "dismiss", staff, question)
                if is_undone:
                    self.add(at_s + pause_s, "undo", staff, question)
                elif random.random() < 0.6:
                    self.add(at_s + pause_s, "resend", asker, question, text=self._words())
                    self.add(at_s + 2 * pause_s, "approve", staff, question)
            case _:
                self.add(at_s, "withdraw", asker, question)

    def votes(self) -> None:
        """A few questions get most of them. Everybody votes once for a question; some take it back."""
        random, size = self._random, self._size
        asked = list(self._asked)
        weights = [1 / (1 + place) ** 0.5 for place in range(len(asked))]
        random.shuffle(weights)
        done: set[tuple[int, int]] = set()
        tries = 0
        while len(done) < size.votes and tries < 20 * size.votes:
            tries += 1
            question = random.choices(asked, weights)[0]
            asker, asked_s, until_s = self._asked[question]
            voter = self._learner(but=asker)
            if (question, voter) in done:
                continue
            done.add((question, voter))
            voted_s = random.uniform(asked_s, until_s)
            self.add(voted_s, "vote", voter, question)
            if random.random() < 0.02:
                self.add(voted_s, "unvote", voter, question)

    # --- polls, hands, pace, the floor ---------------------------------------------------------------------------

    def polls(self) -> None:
        """Three, the last one the first asked again."""
        seconds = self._size.seconds
        for poll, begin, again in ((1, 0.15, 0), (2, 0.42, 0), (3, 0.72, 1)):
            self.add(begin * seconds, "poll", 0, poll, other=again)
            for who in self._size.learners:
                if self._random.random() < 0.6:
                    self.add(self._random.uniform(begin, begin + 0.1) * seconds, "choose", who, poll, other=who * 7 % 4)
            self.add((begin + 0.12) * seconds, "end_poll", 0, poll)

    def stage(self) -> None:
        """Hands are raised by learners who then are called, or lower them, or are told to."""
        random, size, seconds = self._random, self._size, self._size.seconds
        hands = random.sample(size.learners, min(40, len(size.learners) // 2))
        for place, who in enumerate(hands):
            raised_s = (0.05 + 0.7 * place / len(hands)) * seconds
            self.add(raised_s, "raise", who, who)
            if place % 3 < 2:
                self.add(raised_s + 2 * self._pause_s, "call" if place % 3 else "lower", 1 if place % 3 else who, who)
        self.add(0.9 * seconds, "lower_all", 1, len(hands))
        for who in random.sample(size.learners, len(size.learners) // 4):
            self.add(random.uniform(0.1, 0.9) * seconds, "pace", who, random.randrange(3))
        for mark in range(10):
            self.add((0.04 + mark * 0.09) * seconds, "mark", 2, mark)
        self.add(0.56 * seconds, "hold", 0)
        self.add(0.62 * seconds, "release", 0)
