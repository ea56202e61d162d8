"""What may be done with devices, preferences and notifications; doors call these and nothing else."""

from __future__ import annotations

from notifications.services.devices import devices_of, forget_device, register_device
from notifications.services.history import mark_notifications_read, notifications_of, unread_count
from notifications.services.preferences import change_preferences, muted_by, preferences_of

__all__ = [
    "change_preferences",
    "devices_of",
    "forget_device",
    "mark_notifications_read",
    "muted_by",
    "notifications_of",
    "preferences_of",
    "register_device",
    "unread_count",
]
