"""What the processes of a site counted, for a process that is none of them: the doctor, say."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from django.conf import settings
from prometheus_client import CollectorRegistry
from prometheus_client.multiprocess import MultiProcessCollector


def counted(name: str, label: str) -> Mapping[str, float]:
    """A counter since the site was started, by the values of one of its labels."""
    folder = Path(settings.DATA_DIR) / "metrics"
    if not folder.is_dir():
        return {}
    registry = CollectorRegistry()
    MultiProcessCollector(registry, str(folder))  # type: ignore[no-untyped-call]
    samples = (sample for family in registry.collect() for sample in family.samples)
    return {sample.labels[label]: sample.value for sample in samples if sample.name == f"{name}_total"}
