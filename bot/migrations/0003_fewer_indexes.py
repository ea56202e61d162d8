import django.db.models.deletion
from django.db import migrations, models

from hazesite.migrating import WithoutOwnIndex


class Migration(migrations.Migration):

    dependencies = [
        ('bot', '0002_mirrored_text'),
        ('tickets', '0005_fewer_indexes'),
    ]

    operations = [
        WithoutOwnIndex(
            model_name='mirroredmessage',
            name='message',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='mirrored', to='tickets.message'),
        ),
    ]
