"""What the OpenAPI document calls choices that several fields of one name have."""

from __future__ import annotations

ENUM_NAMES = {
    "BroadcastPriorityEnum": "notifications.models.Broadcast.Priority",
    "ChannelMethodEnum": "monitoring.alerts.config_forms.METHODS",
    "DeliveryStateEnum": "hazesite.outgoing.models.Delivery.State",
    "DeviceAddressKindEnum": "notifications.models.Device.AddressKind",
    "ErasureStateEnum": "accounts.models.Erasure.State",
    "ErrorEnum": "monitoring.serializers.ERROR",
    "IncidentStateEnum": "monitoring.inputs.INCIDENT_STATES",
    "MemeSourceEnum": "community.memes.sources.SOURCES",
    "MonitorMethodEnum": "monitoring.settings_fields.METHODS",
    "MonitorSeverityEnum": "monitoring.models.Severity",
    "MonitorStatusEnum": "monitoring.models.Status",
    "MonitorTypeEnum": "monitoring.kinds.names",
    "NotificationChannelTypeEnum": "monitoring.models.NotificationChannel.Type",
    "OverallStatusEnum": "monitoring.serializers.OVERALL",
    "PlayerPlatformEnum": "community.rocketleague.models.Platform",
    "RankCheckStateEnum": "community.rocketleague.models.RankCheck.State",
    "SuccessEnum": "monitoring.serializers.SUCCESS",
    "TicketEventEnum": "tickets.models.TicketEvent.Type",
    "TicketPriorityEnum": "tickets.states.Priority",
    "TicketStatusEnum": "tickets.states.Status",
    "UpOrDownEnum": "hazesite.health.views.UP_OR_DOWN",
}
