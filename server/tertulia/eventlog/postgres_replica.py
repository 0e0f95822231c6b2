"""Reading histories from a replica, and everything else from the primary.

A replica lags. So whoever asks it for a history asks the primary at the same time how far the streams in question
have come, and takes the replica's answer only if it had come as far. It is asked for its heads first: what it answers
after that is as new or newer. When it lags, is away, or is a replica of something else, the primary answers.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Final, LiteralString, TypeVar

import structlog

from tertulia.domain import limits
from tertulia.domain.ids import StreamName
from tertulia.eventlog import LogUnavailable
from tertulia.eventlog.postgres_link import Address
from tertulia.eventlog.postgres_readers import Connection, Query, Readers, heads_of, rows_of
from tertulia.eventlog.stats import LogStats, Outage

T = TypeVar("T")
logger = structlog.get_logger("tertulia.eventlog")

# Heads only grow, and a replica goes through what the primary went through.
_SUM: Final[LiteralString] = "SELECT coalesce(sum(head), 0)::bigint FROM tertulia.stream"


class ReplicatedReaders(Readers):
    def __init__(self, address: Address, replica: Address, *, epoch: str, stats: LogStats, outage: Outage) -> None:
        super().__init__(address, epoch=epoch, stats=stats, outage=outage)
        self._replica = Readers(replica, epoch=epoch, stats=stats)
        self._is_away = False
        self._away_until_s = 0.0

    async def run(self, query: Query[T], *, is_together: bool = False, history: Sequence[StreamName] = ()) -> T:
        """`history`: the streams that the query is about, if it is about what was: then the replica may answer."""
        if not history or self._is_paused():
            return await super().run(query, is_together=is_together)

        async def with_heads(connection: Connection) -> tuple[dict[StreamName, int], T]:
            return await heads_of(connection, history), await query(connection)

        told, found = await asyncio.gather(
            super().run(lambda connection: heads_of(connection, history)),
            asyncio.wait_for(self._replica.run(with_heads, is_together=is_together), limits.log_replica_answer_s),
            return_exceptions=True,
        )
        if isinstance(told, BaseException):
            raise told
        if isinstance(found, BaseException):
            if not isinstance(found, LogUnavailable | TimeoutError):
                raise found
            self._note_away(found)
        else:
            self._note_back()
            reached, answer = found
            if all(reached.get(stream, 0) >= head for stream, head in told.items()):
                self._stats.replica_reads += 1
                return answer
            self._stats.replica_behind += 1
        return await super().run(query, is_together=is_together)

    async def alone(self) -> Readers:
        """Of the replica, if it has come as far in all streams as the primary has now."""
        primary, replica = await super().alone(), await self._replica.alone()
        chosen, other = primary, replica
        try:
            if await _sum(replica) >= await _sum(primary):
                chosen, other = replica, primary
                self._stats.replica_reads += 1
            else:
                self._stats.replica_behind += 1
        except LogUnavailable as error:
            self._note_away(error)
        except BaseException:
            await chosen.close()
            raise
        finally:
            await other.close()
        return chosen

    async def close(self) -> None:
        await self._replica.close()
        await super().close()

    def _is_paused(self) -> bool:
        """It was away a moment ago: not each read waits for it again."""
        is_paused = time.monotonic() < self._away_until_s
        self._stats.replica_away += is_paused
        return is_paused

    def _note_away(self, error: Exception) -> None:
        self._stats.replica_away += 1
        self._away_until_s = time.monotonic() + limits.log_replica_pause_s
        if not self._is_away:
            self._is_away = True
            logger.warning("the replica cannot be read: the primary answers", error=str(error) or "it does not answer")

    def _note_back(self) -> None:
        if self._is_away:
            self._is_away = False
            logger.info("the replica can be read again")


async def _sum(readers: Readers) -> int:
    ((total,),) = await readers.run(lambda connection: rows_of(connection, _SUM, ()))
    assert isinstance(total, int), "it is a sum of numbers"
    return total
