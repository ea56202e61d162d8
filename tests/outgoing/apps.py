from __future__ import annotations

from django.apps import AppConfig


class OutgoingTestsConfig(AppConfig):
    """For workers in processes of their own: they know the transport of the tests."""

    name = "tests.outgoing"
    label = "outgoing_tests"

    def ready(self) -> None:
        from hazesite.outgoing.transports import register
        from tests.outgoing.post import PatientPost

        register(PatientPost())
