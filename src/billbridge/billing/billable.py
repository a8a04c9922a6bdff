"""What of a company's usage is billable: what is configured is counted, the rest is listed with its reason."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TypeVar

from billbridge.billing.activations import Activation, NotBilled, NotBilledReason, endpoint_key
from billbridge.billing.configuration import Configuration
from billbridge.billing.counting import Count, DomainSeries, count_licenses
from billbridge.billing.products import LicenseType, Product, ProductKind, type_key
from billbridge.billing.storage import StorageUse
from billbridge.billing.usage import BillingRules, CompanyUsage, Exclusion

_Counted = TypeVar("_Counted", Activation, DomainSeries)


def count_billable(
    usage: CompanyUsage, rules: BillingRules, billed: Mapping[Product, Configuration]
) -> tuple[dict[str, Count], tuple[NotBilled, ...]]:
    """Count the license types that are configured, by name as compared; the rest is returned as not billed."""
    configured = {type_key(p.code): p.code for p in billed if p.kind is ProductKind.LICENSE}
    exclusions = sorted(usage.exclusions, key=lambda e: (e.endpoint, e.user, e.license_type, e.reason))
    counted: list[Activation] = []
    not_billed: dict[object, NotBilled] = {}
    first, last = usage.month.first, min(usage.month.last, usage.through)
    for activation in usage.activations:
        if not activation.touches(first, last):
            continue
        reason, detail = why_not_billed(activation, exclusions, rules.license_types, configured)
        if reason is None:
            counted.append(_spelled(activation, configured))
        else:
            listed = NotBilled(
                reason=reason,
                subject=activation.endpoint,
                license_type=activation.license_type,
                company_id=usage.company_id,
                user=activation.user_login,
                detail=detail,
            )
            not_billed[activation.holder] = min(
                not_billed.get(activation.holder, listed), listed, key=lambda n: (n.subject, n.user)
            )
    domains: list[DomainSeries] = []
    for series in usage.domains:
        if type_key(series.license_type) in configured:
            domains.append(_spelled(series, configured))
        elif any(series.readings.values()) or series.before:
            not_billed[series.domain, series.license_type] = NotBilled(
                reason=NotBilledReason.NOT_CONFIGURED,
                subject=series.domain,
                license_type=series.license_type,
                company_id=usage.company_id,
                count=max(series.readings.values(), default=series.before or 0),
            )
    counts, left_out = count_licenses(
        counted,
        domains,
        month=usage.month,
        through=usage.through,
        rule=rules.counting,
        change_of_type=rules.change_of_type,
    )
    not_counted = (replace(each, company_id=usage.company_id) for each in left_out)
    return {type_key(t): c for t, c in counts.items()}, (*not_billed.values(), *not_counted)


def _spelled(counted: _Counted, configured: Mapping[str, str]) -> _Counted:
    """The same with its license type spelled as in the configuration, so that spellings are counted together."""
    spelling = configured[type_key(counted.license_type)]
    return counted if counted.license_type == spelling else replace(counted, license_type=spelling)


def why_not_billed(
    activation: Activation,
    exclusions: Iterable[Exclusion],
    license_types: Mapping[str, LicenseType],
    configured: Mapping[str, str],
) -> tuple[NotBilledReason | None, str]:
    """Why an activation is on no line: the first of unknown, the provider's own, excluded, not configured.

    `license_types` are the known ones and `configured` those in a billing configuration, by name as compared. The
    second text is an exclusion's reason.
    """
    known = license_types.get(type_key(activation.license_type))
    if known is None:
        return NotBilledReason.UNKNOWN_TYPE, ""
    if not known.billable:
        return NotBilledReason.PROVIDER_TYPE, ""
    for exclusion in exclusions:
        if _excludes(exclusion, activation):
            return NotBilledReason.EXCLUDED, exclusion.reason
    if type_key(activation.license_type) not in configured:
        return NotBilledReason.NOT_CONFIGURED, ""
    return None, ""


def _excludes(exclusion: Exclusion, activation: Activation) -> bool:
    return (
        endpoint_key(exclusion.endpoint) == endpoint_key(activation.endpoint)
        and exclusion.user in ("", activation.user_login)
        and type_key(exclusion.license_type) in ("", type_key(activation.license_type))
    )


def unconfigured_storage(usage: CompanyUsage, billed: Mapping[Product, Configuration]) -> tuple[NotBilled, ...]:
    """The storage accounts that the company uses and no configuration bills."""
    by_account: dict[str, list[StorageUse]] = defaultdict(list)
    for use in usage.storage:
        if Product.storage(use.account_id) not in billed:
            by_account[use.account_id].append(use)
    return tuple(
        NotBilled(
            reason=NotBilledReason.NOT_CONFIGURED,
            subject=account_id,
            company_id=usage.company_id,
            detail=f"storage of {len(uses)} users",
        )
        for account_id, uses in by_account.items()
    )
