import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from hazesite.migrating import WithoutOwnIndex


class Migration(migrations.Migration):

    dependencies = [
        ('notifications', '0004_direct_messages'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        WithoutOwnIndex(
            model_name='broadcast',
            name='author',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        WithoutOwnIndex(
            model_name='mutedticket',
            name='user',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='muted_tickets', to=settings.AUTH_USER_MODEL),
        ),
        WithoutOwnIndex(
            model_name='notification',
            name='user',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='notifications', to=settings.AUTH_USER_MODEL),
        ),
    ]
