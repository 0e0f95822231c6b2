"""What the node counted, as Prometheus reads it. The counters are plain integers; they are read when somebody asks.

Labels come from closed sets (codes, calls of the table), so the number of series does not grow with use.
"""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from tertulia import __version__
from tertulia.routes.site import Site


class NodeCollector(Collector):
    def __init__(self, site: Site) -> None:
        self._site = site

    def collect(self) -> Iterator[Metric]:
        yield from self._now()
        yield from self._commands()
        yield from self._delivery()
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

    def _commands(self) -> Iterator[Metric]:
        counts = self._site.flow.node.counts
        yield _counter("commands_accepted", "Commands made durable.", counts.accepted)
        yield _counter("commands_repeated", "Commands whose key was answered before.", counts.duplicates)
        yield _by("commands_refused", "Commands refused, by code.", "code", counts.refused)
        yield _by("resumes", "Streams taken up, by result.", "result", counts.resumes)
        yield _counter("repairs", "Times the log was read because the bus left a hole.", counts.repairs)
        yield _counter("connections_opened", "Conversations opened.", counts.connections_total)
        yield _by("connections_closed", "Conversations closed, by reason.", "reason", counts.closed)

    def _delivery(self) -> Iterator[Metric]:
        stats = self._site.flow.node.flush_stats
        yield _counter("flushes", "Flushes of channels.", stats.flushes)
        yield _counter("records", "Records flushed.", stats.records)
        yield _counter("deliveries", "Records times readers.", stats.deliveries)
        yield _counter("flush_seconds", "Time spent writing to readers.", stats.seconds)
        yield _counter("lags", "Times a reader fell behind and was told to pull.", stats.lags)

    def _bus(self) -> Iterator[Metric]:
        bus = self._site.flow.node.bus
        yield _gauge("bus_connected", "1 while other nodes hear us.", int(bus.is_connected))
        yield _counter("bus_published", "Messages of this node.", bus.counts.published)
        yield _counter("bus_received", "Messages of other nodes.", bus.counts.received)
        yield _counter("bus_dropped", "Own messages other nodes were not told.", bus.counts.dropped)
        yield _counter("bus_foreign", "Messages on our channels that are not ours.", bus.counts.foreign)
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


def _counter(name: str, help: str, value: float) -> Metric:
    return CounterMetricFamily(f"tertulia_{name}", help, value=value)


def _by(name: str, help: str, label: str, counts: dict[str, int]) -> Metric:
    family = CounterMetricFamily(f"tertulia_{name}", help, labels=[label])
    for key, count in list(counts.items()):
        family.add_metric([key], count)
    return family
