"""What `/metrics` tells Prometheus. No label holds anything that a caller sent."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

from voc.inference.serving.scorer import Scorer

_SECONDS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30)
_CONTACTS = (1, 2, 4, 8, 16, 32, 64, 128)


class Metrics:
    """The figures of one server."""

    def __init__(self, scorer: Scorer) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._requests = Counter("voc_requests", "Requests answered", ["route", "status"], registry=self._registry)
        self._seconds = Histogram(
            "voc_request_seconds", "Seconds to answer", ["route"], buckets=_SECONDS, registry=self._registry
        )
        self._contacts = Counter("voc_contacts", "Contacts scored", registry=self._registry)
        self._scoring = Counter("voc_scoring_seconds", "Seconds that scoring took", registry=self._registry)
        self._batch = Histogram(
            "voc_batch_contacts", "Contacts read together", buckets=_CONTACTS, registry=self._registry
        )
        self.waiting = Gauge("voc_waiting_contacts", "Contacts that wait for an answer", registry=self._registry)
        model = Gauge("voc_model", "The model that answers", ["version", "precision"], registry=self._registry)
        model.labels(scorer.facts.version, scorer.precision).set(1)

    def answered(self, route: str, status: int, seconds: float) -> None:
        """A request was answered."""
        self._requests.labels(route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def scored(self, contacts: int, seconds: float) -> None:
        """A batch was scored."""
        self._contacts.inc(contacts)
        self._scoring.inc(seconds)
        self._batch.observe(contacts)

    def text(self) -> bytes:
        """All of it in Prometheus's text format."""
        return generate_latest(self._registry)
