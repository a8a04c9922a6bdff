"""The form of the wizard's first step."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import QueryDict

from billbridge.operations.company_billing import Editing
from billbridge.web.configure.choices import HaloChoices
from billbridge.web.forms import ConsoleForm, dress

_LARGEST_ID = 2**31 - 1


class SiteForm(ConsoleForm):
    """The first step: where in HaloPSA the bills go, and whether they go by themselves."""

    def __init__(self, data: QueryDict | None, editing: Editing, choices: HaloChoices) -> None:
        billing = editing.billing
        is_new = editing.draft is None and not billing.configurations
        super().__init__(
            data,
            initial={
                "site": billing.site_id or (choices.main_site_id if is_new else "") or "",
                "agreement": billing.agreement_id or "",
                "auto_billing": billing.auto_billing,
            },
        )
        if choices.customer_id is not None:
            site_help = "The bills stand at this site of the customer."
            agreement_help = "With one, a month is billed only while that agreement is active."
            if choices.are_copied:
                self.fields["site"] = forms.ChoiceField(
                    label="HaloPSA site", required=False, choices=choices.sites, help_text=site_help
                )
                self.fields["agreement"] = forms.ChoiceField(
                    label="HaloPSA agreement", required=False, choices=choices.agreements, help_text=agreement_help
                )
            else:
                self.fields["site"] = _id_field("Id of the HaloPSA site", site_help)
                self.fields["agreement"] = _id_field("Id of the HaloPSA agreement", agreement_help)
        self.fields["auto_billing"] = forms.BooleanField(
            label="Enable auto-billing",
            required=False,
            help_text="Each month's bill is made and sent by itself on the first three days of the next month. "
            "Without it bills are sent when somebody syncs.",
        )
        dress(self)

    def entered(self) -> dict[str, Any]:
        """What was entered, as fields of the company's billing."""
        given = self.cleaned_data
        return {
            "site_id": int(given["site"]) if given.get("site") else None,
            "agreement_id": int(given["agreement"]) if given.get("agreement") else None,
            "auto_billing": given["auto_billing"],
        }


def _id_field(label: str, help_text: str) -> forms.IntegerField:
    return forms.IntegerField(label=label, required=False, min_value=1, max_value=_LARGEST_ID, help_text=help_text)
