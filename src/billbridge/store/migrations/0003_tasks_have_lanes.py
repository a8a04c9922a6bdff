"""Tasks asked for before there were lanes get theirs; what was interrupted counts as stopped and can be retried."""

from django.apps.registry import Apps
from django.db import migrations

_SOURCE = ("collect", "test source")


def _bring_up_to_date(apps: Apps, schema_editor: object) -> None:
    tasks = apps.get_model("store", "Task").objects
    tasks.filter(state="interrupted").update(state="stopped")
    tasks.filter(kind__in=_SOURCE).update(lane="source")


class Migration(migrations.Migration):
    dependencies = [("store", "0002_background")]

    operations = [migrations.RunPython(_bring_up_to_date, migrations.RunPython.noop)]
