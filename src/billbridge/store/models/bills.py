"""Bills and their lines, with the figures as they were made and the evidence for them."""

from __future__ import annotations

from django.db import models

from billbridge.store.fields import MoneyField, MonthField
from billbridge.store.models.companies import Company
from billbridge.store.models.provider import Provider
from billbridge.store.models.settings import BillingConfiguration


class Bill(models.Model):
    """All lines of one company for one month: at most one bill per company and month."""

    provider = models.ForeignKey(Provider, on_delete=models.CASCADE)
    company = models.ForeignKey(Company, on_delete=models.PROTECT)
    month = MonthField()
    kind = models.CharField(max_length=20)
    state = models.CharField(max_length=20)
    counting_rule = models.CharField(max_length=32)
    currency = models.CharField(max_length=3)
    cost = MoneyField()
    price = MoneyField()
    made_on = models.DateField(help_text="the business day its figures were made")
    collected_from = models.DateField(null=True, help_text="set when the month was collected only from this day on")
    before_month_end = models.BooleanField(
        default=False, help_text="made without a collection after the month's end"
    )
    late = models.BooleanField(default=False)
    reasons = models.JSONField(default=list, help_text="why it is held, partly sent or failed")
    not_billed = models.JSONField(default=list)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["company", "month"], name="one_bill_per_company_and_month"),
        ]
        # Wide, so that the months' totals and states are read from the index alone.
        indexes = [models.Index(fields=["provider", "month", "state", "kind", "currency", "cost", "price"])]

    def __str__(self) -> str:
        return f"{self.company_id} {self.month} {self.kind} {self.state}"


class BillLine(models.Model):
    """One configuration's line of a bill. What is sent stands beside the exact amounts."""

    bill = models.ForeignKey(Bill, on_delete=models.CASCADE, related_name="lines")
    configuration = models.ForeignKey(BillingConfiguration, on_delete=models.PROTECT)
    name = models.CharField(max_length=200)
    mode = models.CharField(max_length=20)
    quantity = models.DecimalField(max_digits=18, decimal_places=6)
    cost = MoneyField()
    price = MoneyField()
    sent_quantity = models.DecimalField(max_digits=18, decimal_places=6)
    sent_cost = MoneyField(null=True)
    sent_price = MoneyField(null=True)
    cost_remainder = MoneyField()
    price_remainder = MoneyField()
    marks = models.JSONField(default=list)
    products = models.JSONField(default=list, help_text="each product's figures and the evidence for them")
    is_sent = models.BooleanField(default=False, help_text="its figures were read back from HaloPSA")
    reason = models.TextField(blank=True, help_text="why it is not sent")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["bill", "configuration"], name="one_line_per_configuration_and_bill"),
        ]

    def __str__(self) -> str:
        return self.name
