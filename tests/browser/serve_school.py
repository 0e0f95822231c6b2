"""`python -m tests.browser.serve_school DATA PORT`: the real server on a cohort with people whose tokens are known.

It writes `DATA/people.json`, name → {"person", "token"}, before it serves. Without rate limits, since a test types faster
than a person.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

from tertulia.app import Settings, serve
from tertulia.auth.people import person_id
from tertulia.auth.secret import own_secret
from tertulia.auth.tokens import Tokens
from tertulia.domain.ids import CohortId
from tertulia.live.ports import SystemClock
from tests.school import OWNER, make_school

COHORT = CohortId("demo")
ROOMS = {"general": "General talk", "trees": "Week 5 · Trees", "resources": "Resources"}
PEOPLE = {"Ines": "instructor", "Ana": "ta", "Kofi": "learner", "Mei": "learner", "Yusuf": "learner", "Otto": "observer"}


async def main(data: Path, port: int) -> None:
    data.mkdir(parents=True, exist_ok=True)
    known = data / "people.json"
    if not known.exists():
        await make_school(data, cohort=COHORT, rooms=ROOMS)
        secret = own_secret(data)
        tokens = Tokens(secret, clock=SystemClock())
        people = {name: (person_id(secret, COHORT, name), role) for name, role in PEOPLE.items()}
        people["Olga"] = (OWNER, "owner")
        said = {
            name: {"person": person, "token": tokens.issue_access(person, COHORT, name=name, role=role).token}  # type: ignore[arg-type]
            for name, (person, role) in people.items()
        }
        known.write_text(json.dumps(said))
    await serve(Settings(data=data, port=port, rate_limits=False, drain_window_s=0.2))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
