"""kill -9 of the embedded server while people talk: it starts again and nothing that was acked is missing.

Method: one real server, real sockets; SIGKILL at moments drawn from a printed seed; the Python clients come back by
themselves and send again what was not answered; then each list is compared with the log.
"""

from __future__ import annotations

import asyncio
import secrets
from contextlib import AsyncExitStack
from pathlib import Path
from random import Random

from tests.school import make_school
from tests.servers import Server
from tests.talkers import arrive, check, log_of

PEOPLE = 5
POSTS_EACH = 150
KILLS = 4


async def test_nothing_acked_is_lost_or_doubled_when_the_server_is_killed(tmp_path: Path) -> None:
    seed = secrets.randbits(32)
    print(f"seed {seed}")  # noqa: T201 - to run a failure again
    random = Random(seed)
    await make_school(tmp_path / "data")
    with Server(tmp_path, options=["--no-rate-limits"]) as server:
        async with AsyncExitStack() as stack:
            people = [await arrive(stack, server, f"Person {n}") for n in range(PEOPLE)]
            talking = [asyncio.create_task(person.speak(POSTS_EACH)) for person in people]
            for _ in range(KILLS):
                await asyncio.sleep(0.05 + random.random() * 0.3)
                await asyncio.to_thread(server.restart)
            acked = dict(zip([p.name for p in people], await asyncio.gather(*talking), strict=True))
            log = await log_of(server)
            await asyncio.gather(*(person.hears(len(log)) for person in people))
            check(people, acked, log, posts_each=POSTS_EACH)
        assert "Traceback" not in server.output
