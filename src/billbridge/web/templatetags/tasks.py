"""Tasks in templates: `{% look_at task as look %}` and `{% result_of task as address %}`."""

from __future__ import annotations

from django import template

from billbridge.store.models import Task
from billbridge.web.tasks.look import TaskLook, look_of, result_address, title_of

register = template.Library()


@register.simple_tag
def look_at(task: Task | None) -> TaskLook | None:
    """How a task looks now; nothing for none."""
    return look_of(task) if task else None


@register.simple_tag
def result_of(task: Task) -> str:
    """The address of the page that shows what a task led to."""
    return result_address(task)


@register.filter
def task_title(task: Task) -> str:
    """What a task is, beginning a sentence."""
    return title_of(task)
