from django.db import migrations

from tickets.search import index


def build(apps, schema_editor):
    index.build(schema_editor.connection)


def drop(apps, schema_editor):
    index.drop(schema_editor.connection)


class Migration(migrations.Migration):

    dependencies = [
        ('tickets', '0003_webhooks'),
    ]

    operations = [
        migrations.RunPython(build, drop),
    ]
