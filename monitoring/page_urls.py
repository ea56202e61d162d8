from __future__ import annotations

from django.urls import path

from monitoring.pages import public, views

urlpatterns = [
    path("monitors/", views.dashboard, name="monitor-dashboard"),
    path("monitors/incidents/", views.incident_list, name="monitor-incidents"),
    path("monitors/<int:monitor_id>/", views.monitor_page, name="monitor-page"),
    path("monitors/<int:monitor_id>/series", views.monitor_series, name="monitor-series"),
    path("status/<slug:slug>", public.status_page, name="status-page"),
    path("status/<slug:slug>/now", public.status_now, name="status-now"),
    path("badge/<int:monitor_id>.svg", public.badge, name="monitor-badge"),
]
