from __future__ import annotations

from django.urls import path

from community.rocketleague.views import CheckViews, PlayerViews

urlpatterns = [
    path("rocket-league/stats/<str:platform>/<str:username>", PlayerViews.as_view({"get": "stats"})),
    path("rocket-league/link", PlayerViews.as_view({"get": "linked", "post": "link", "delete": "unlink"})),
    path("rocket-league/check-ranks", CheckViews.as_view({"get": "last", "post": "begin"})),
    path("rocket-league/check-ranks/<str:check_id>", CheckViews.as_view({"get": "one"})),
]
