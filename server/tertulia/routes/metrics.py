"""What the node counted, as Prometheus reads it. The counters are plain integers; they are read when somebody asks.

Labels come from closed sets (codes, calls of the table), so the number of series does not grow with use.
"""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from tertulia import __version__
from tertulia.histogram import Histogram
from tertulia.routes.site import Site


class NodeCollector(Collector):
    def __init__(self, site: Site) -> None:
        self._site = site

    def collect(self) -> Iterator[Metric]:
        yield from self._now()
        yield from self._commands()
        yield from self._delivery()
        yield from self._log()
        yield from self._bus()
        yield from self._http()

    def _now(self) -> Iterator[Metric]:
        node = self._site.flow.node
        info = GaugeMetricFamily("tertulia_node", "This node; always 1.", labels=["node", "version"])
        info.add_metric([node.node_id, __version__], 1)
        yield info
        yield _gauge("connections", "Open conversations, over sockets and HTTP.", len(node.conversations))
        yield _gauge("people", "People with an open conversation here.", len(node.people))
        yield _gauge("channels", "Streams this node follows.", len(node.channels))
        yield _gauge("live_http_streams", "Open server-sent event streams.", self._site.counts.streams)
        yield _gauge("draining", "1 while the node is going away.", int(node.is_draining))
        yield _histogram("loop_lag_seconds", "How late the event loop comes to what is due.", node.loop_lag)

    def _commands(self) -> Iterator[Metric]:
        counts = self._site.flow.node.counts
        yield _counter("commands_accepted", "Commands made durable.", counts.accepted)
        yield _counter("commands_repeated", "Commands whose key was answered before.", counts.duplicates)
        yield _by("commands_refused", "Commands refused, by code.", "code", counts.refused)
        yield _by("resumes", "Streams taken up, by result.", "result", counts.resumes)
        yield _counter("repairs", "Times the log was read because the bus left a hole.", counts.repairs)
        yield _by("catch_up_reads", "Reads for those who come or lack something, by why.", "why", counts.reads)
        yield _counter("connections_opened", "Conversations opened.", counts.connections_total)
        yield _by("connections_closed", "Conversations closed, by reason.", "reason", counts.closed)

    def _delivery(self) -> Iterator[Metric]:
        node = self._site.flow.node
        stats = node.flush_stats
        yield _histogram("flush_records", "Records of a flush.", stats.flush_records)
        yield _histogram("flush_seconds", "Time from the begin of a flush until all is written.", stats.flush_seconds)
        yield _counter("deliveries", "Records times readers.", stats.deliveries)
        yield _counter("lags", "Times a reader fell behind and was told to pull.", stats.lags)
        queues = [conversation.outbox.queue_bytes for conversation in node.conversations]
        yield _gauge("queue_bytes", "What waits here for peers to take it, over all connections.", sum(queues))
        yield _gauge("queue_bytes_largest", "The same, for the connection with the most.", max(queues, default=0))

    def _log(self) -> Iterator[Metric]:
        stats = self._site.flow.node.log_stats
        yield _histogram("commit_seconds", "Time of a commit, until it is on disk.", stats.commit_seconds)
        yield _histogram("commit_entries", "Entries of a commit.", stats.commit_entries)
        failures = {str(cause): count for cause, count in stats.failures.items()}
        yield _by("log_failures", "Transactions, queries and connections the database failed.", "cause", failures)
        yield _counter("log_reads", "Queries of the log and of what is folded from it.", stats.reads)
        replica = {"read": stats.replica_reads, "behind": stats.replica_behind, "away": stats.replica_away}
        yield _by("log_replica_reads", "Histories a replica was asked for, by what became of it.", "what", replica)

    def _bus(self) -> Iterator[Metric]:
        bus = self._site.flow.node.bus
        yield _gauge("bus_connected", "1 while other nodes hear us.", int(bus.is_connected))
        yield _counter("bus_published", "Messages of this node.", bus.counts.published)
        yield _counter("bus_received", "Messages of other nodes.", bus.counts.received)
        yield _counter("bus_dropped", "Own messages other nodes were not told.", bus.counts.dropped)
        yield _counter("bus_foreign", "Messages on our channels that are not ours.", bus.counts.foreign)
        yield _counter("bus_unwanted", "Messages for channels this node does not want.", bus.counts.unwanted)
        yield _counter("bus_reconnects", "Connections made anew.", bus.counts.reconnects)

    def _http(self) -> Iterator[Metric]:
        answers = CounterMetricFamily(
            "tertulia_http_answers", "Answers, by call and status.", labels=["call", "status"]
        )
        for (call, status), count in list(self._site.counts.answers.items()):
            answers.add_metric([call, str(status)], count)
        yield answers


def _gauge(name: str, help: str, value: float) -> Metric:
    return GaugeMetricFamily(f"tertulia_{name}", help, value=value)


def _histogram(name: str, help: str, histogram: Histogram) -> Metric:
    return HistogramMetricFamily(f"tertulia_{name}", help, buckets=histogram.cumulative(), sum_value=histogram.total)


def _counter(name: str, help: str, value: float) -> Metric:
    return CounterMetricFamily(f"tertulia_{name}", help, value=value)


def _by(name: str, help: str, label: str, counts: dict[str, int]) -> Metric:
    family = CounterMetricFamily(f"tertulia_{name}", help, labels=[label])
    for key, count in list(counts.items()):
        family.add_metric([key], count)
    return family
