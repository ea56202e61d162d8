from __future__ import annotations

from django.urls import path, register_converter

from monitoring.pages import deeds, editing, public, views


class What:
    """Something that admins set."""

    regex = "|".join(editing.THINGS)

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(What, "what")
urlpatterns = [
    path("monitors/", views.dashboard, name="monitor-dashboard"),
    path("monitors/<int:monitor_id>/", views.monitor_page, name="monitor-page"),
    path("monitors/<int:monitor_id>/series", views.monitor_series, name="monitor-series"),
    path("monitors/<int:monitor_id>/pause", deeds.pause, name="monitor-pause"),
    path("monitors/<int:monitor_id>/resume", deeds.resume, name="monitor-resume"),
    path("monitors/<int:monitor_id>/check-now", deeds.check_now, name="monitor-check-now"),
    path("monitors/incidents/", views.incident_list, name="monitor-incidents"),
    path("monitors/incidents/<int:incident_id>/acknowledge", deeds.acknowledge, name="incident-acknowledge"),
    path("monitors/incidents/<int:incident_id>/comment", deeds.comment, name="incident-comment"),
    path("monitors/settings/", editing.settings_page, name="monitor-settings"),
    path("monitors/settings/names", editing.suggest, name="monitor-names"),
    path("monitors/settings/channel/<int:channel_id>/test", deeds.try_channel, name="channel-test"),
    path("monitors/settings/<what:what>/add", editing.edit, name="monitoring-add"),
    path("monitors/settings/<what:what>/<int:key>", editing.edit, name="monitoring-edit"),
    path("monitors/settings/<what:what>/<int:key>/remove", editing.remove, name="monitoring-remove"),
    path("status/<slug:slug>", public.status_page, name="status-page"),
    path("status/<slug:slug>/now", public.status_now, name="status-now"),
    path("badge/<int:monitor_id>.svg", public.badge, name="monitor-badge"),
]
