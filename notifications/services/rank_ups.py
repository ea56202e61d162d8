"""Telling somebody that their rank rose."""

from __future__ import annotations

from django.utils.translation import gettext as _

from community.rocketleague.models import RankUp
from community.rocketleague.tiers import TIERS
from notifications.kinds import Kind
from notifications.models import Notification
from notifications.services.telling import tell


def tell_rank_up(rank_up_pk: int) -> int:
    """Done twice it is done once. How many were told: nobody, where the person is gone."""
    rank_up = RankUp.objects.select_related("user").filter(pk=rank_up_pk, user__is_active=True).first()
    if rank_up is None:
        return 0
    names = {"before": TIERS[rank_up.from_tier], "now": TIERS[rank_up.to_tier]}
    facts = {
        "title": _("Rank-up in %(playlist)s") % {"playlist": rank_up.playlist},
        "body": _("From %(before)s to %(now)s.") % names,
    }
    thing = f"rank-up:{rank_up.pk}"
    told = {"thing": thing, "created_at": rank_up.at, "facts": facts}
    return tell([Notification(user=rank_up.user, kind=Kind.RANK_UP, **told)])
