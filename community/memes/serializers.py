from __future__ import annotations

from typing import Any

from rest_framework import serializers

from community.memes.generator import LONGEST_TEXT, MOST_TEXTS
from community.memes.sources import SOURCES
from hazesite.fields import Strict, Text, unfit


class RandomQuery(serializers.Serializer[dict[str, Any]]):
    source = serializers.ChoiceField(SOURCES, required=False, default=None, help_text="Absent: any.")  # type: ignore[assignment]


class MemeOut(serializers.Serializer[Any]):
    title = serializers.CharField()
    url = serializers.URLField()
    source = serializers.ChoiceField(SOURCES)  # type: ignore[assignment]
    subreddit = serializers.CharField(allow_null=True, help_text="Of Reddit.")
    community = serializers.CharField(allow_null=True, help_text="Of Lemmy, as `instance@community`.")
    author = serializers.CharField()
    score = serializers.IntegerField()
    permalink = serializers.CharField()
    nsfw = serializers.BooleanField(help_text="Always false.")


class TemplateOut(serializers.Serializer[Any]):
    name = serializers.CharField()
    title = serializers.CharField()
    width = serializers.IntegerField()
    height = serializers.IntegerField()
    texts = serializers.IntegerField(help_text="How many texts it has room for.")
    hints = serializers.ListField(child=serializers.CharField(), help_text="What each text is for.")
    url = serializers.CharField(help_text="The empty template as a PNG.")


class TemplatesOut(serializers.Serializer[Any]):
    templates = TemplateOut(many=True)


class GenerateIn(Strict):
    template = Text(max_length=50)
    texts = serializers.ListField(
        child=Text(max_length=LONGEST_TEXT, allow_blank=True), min_length=1, max_length=MOST_TEXTS
    )

    def validate_texts(self, texts: list[str]) -> list[str]:
        if not any(text.strip() for text in texts):
            raise unfit("At least one text has something in it.")
        return texts
