import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from hazesite.migrating import WithoutOwnIndex


class Migration(migrations.Migration):

    dependencies = [
        ('hazesite', '0006_deliveries_in_order'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        WithoutOwnIndex(
            model_name='auditentry',
            name='actor',
            field=models.ForeignKey(db_index=False, help_text='Empty: the environment, a command, or the system.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
    ]
