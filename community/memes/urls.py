from __future__ import annotations

from django.urls import path

from community.memes.views import MemeViews

urlpatterns = [
    path("memes/random", MemeViews.as_view({"get": "random"})),
    path("memes/templates", MemeViews.as_view({"get": "templates"})),
    path("memes/templates/<str:template>", MemeViews.as_view({"get": "template"})),
    path("memes/generate", MemeViews.as_view({"post": "generate"})),
]
