"""Figures for Prometheus: requests by page, the last night, alarms, the disk. Nothing of a customer or a person."""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from datetime import time as clock

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from weihu.workplace.bank.current import current
from weihu.workplace.base.logs import REQUESTS
from weihu.workplace.see.health.alarms import TEXTS, alarms

log = logging.getLogger(REQUESTS)
BUCKETS = (0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30)
REGISTRY = CollectorRegistry()
ANSWERED = Counter("weihu_requests", "Requests answered.", ("method", "page", "status"), registry=REGISTRY)
SECONDS = Histogram("weihu_request_seconds", "Seconds until the answer.", ("page",), registry=REGISTRY, buckets=BUCKETS)
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def measured(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: counts, times and logs each request by the name of its page."""

    def respond(request: HttpRequest) -> HttpResponse:
        began = time.perf_counter()
        response = get_response(request)
        page = (request.resolver_match.view_name if request.resolver_match else "") or "other"
        method = request.method if request.method in METHODS else "other"
        ANSWERED.labels(method, page, response.status_code).inc()
        seconds = time.perf_counter() - began
        SECONDS.labels(page).observe(seconds)
        said = {"method": method, "page": page, "status": response.status_code, "seconds": round(seconds, 3)}
        log.info("answered", extra={**said, "staff": getattr(getattr(request, "user", None), "pk", None)})
        return response

    return respond


class Installation(Collector):
    """What is asked when the figures are: the last night, alarms, the disk."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """The gauges."""
        wrong = {alarm.code for alarm in alarms(settings.HOME, timezone.now())}
        ringing = GaugeMetricFamily("weihu_alarm", "1 while something is wrong.", labels=["alarm"])
        for code in TEXTS:
            ringing.add_metric([code], float(code in wrong))
        yield ringing
        usage = shutil.disk_usage(settings.HOME.root)
        yield GaugeMetricFamily("weihu_disk_free_bytes", "Free bytes where the home is.", value=usage.free)
        last = None if "database" in wrong else current()
        if last:
            day = datetime.combine(last.business_date, clock(), UTC).timestamp()
            yield GaugeMetricFamily("weihu_night_business_date", "The last night's date, as seconds.", value=day)
            spent = GaugeMetricFamily("weihu_night_step_seconds", "Seconds of the last night's steps.", labels=["step"])
            for step, seconds in last.report["seconds"].items():
                spent.add_metric([step], seconds)
            yield spent
            customers = last.report["reconciliation"]["customers"]
            yield GaugeMetricFamily("weihu_customers", "Customers of the last night.", value=customers)


REGISTRY.register(Installation())


def text() -> bytes:
    """All figures in Prometheus's format."""
    return generate_latest(REGISTRY)
