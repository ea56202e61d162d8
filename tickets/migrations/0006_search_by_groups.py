from django.db import migrations

from tickets.search import index


def regroup(apps, schema_editor):
    index.regroup(schema_editor.connection)


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ('tickets', '0005_fewer_indexes'),
    ]

    operations = [
        migrations.RunPython(regroup, migrations.RunPython.noop),
    ]
