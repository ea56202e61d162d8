import django.db.models.deletion
from django.db import migrations, models

from hazesite.migrating import WithoutOwnIndex


class Migration(migrations.Migration):

    dependencies = [
        ('monitoring', '0003_what_callers_say'),
    ]

    operations = [
        WithoutOwnIndex(
            model_name='alert',
            name='channel',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='alerts', to='monitoring.notificationchannel'),
        ),
        WithoutOwnIndex(
            model_name='escalationstep',
            name='policy',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='steps', to='monitoring.escalationpolicy'),
        ),
        WithoutOwnIndex(
            model_name='incident',
            name='monitor',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='incidents', to='monitoring.monitor'),
        ),
        WithoutOwnIndex(
            model_name='spell',
            name='monitor',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='spells', to='monitoring.monitor'),
        ),
        WithoutOwnIndex(
            model_name='statuspageentry',
            name='page',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='entries', to='monitoring.statuspage'),
        ),
    ]
