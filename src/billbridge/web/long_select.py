"""A choice among hundreds, such as time zones: drawn in one go, where Django renders a template for each option."""

from __future__ import annotations

from typing import Any

from django import forms
from django.forms.utils import flatatt
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

_SELECTED = mark_safe(" selected")


class LongSelect(forms.Select):
    """A select element whose options are written at once."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        """The element with its options, the chosen one marked."""
        attributes = self.get_context(name, None, attrs)["widget"]["attrs"]
        chosen = "" if value is None else str(value)
        options = format_html_join(
            "",
            '<option value="{}"{}>{}</option>',
            ((key, _SELECTED if str(key) == chosen else "", label) for key, label in self.choices),
        )
        return format_html('<select name="{}"{}>{}</select>', name, flatatt(attributes), options)

    def optgroups(self, name: str, value: list[str], attrs: Any = None) -> list[Any]:
        """None: `render` writes the options itself."""
        return []
