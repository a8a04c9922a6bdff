import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('store', '0004_metrics'),
    ]

    operations = [
        migrations.AddField(
            model_name='driftfinding',
            name='harms',
            field=models.BooleanField(default=True, help_text='whether the next bill suffers from it'),
        ),
        migrations.AddField(
            model_name='driftfinding',
            name='kind',
            field=models.CharField(choices=[('change', 'Change'), ('unknown', 'Unknown')], default='change', max_length=20),
        ),
        migrations.CreateModel(
            name='DriftCheck',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField(help_text='the business day')),
                ('read_at', models.DateTimeField(help_text='UTC')),
                ('things', models.PositiveIntegerField(help_text='what our settings and slots rely on in HaloPSA')),
                ('unknown', models.JSONField(default=dict, help_text='how many of them could not be checked, by reason')),
                ('provider', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='drift_check', to='store.provider')),
            ],
        ),
    ]
