from django.db import migrations

from tickets import search_index


def build(apps, schema_editor):
    search_index.build(schema_editor.connection)


def drop(apps, schema_editor):
    search_index.drop(schema_editor.connection)


class Migration(migrations.Migration):

    dependencies = [
        ('tickets', '0002_desk'),
    ]

    operations = [
        migrations.RunPython(build, drop),
    ]
