import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from hazesite.migrating import WithoutOwnIndex


class Migration(migrations.Migration):

    dependencies = [
        ('rocketleague', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        WithoutOwnIndex(
            model_name='rankup',
            name='user',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='rank_ups', to=settings.AUTH_USER_MODEL),
        ),
    ]
