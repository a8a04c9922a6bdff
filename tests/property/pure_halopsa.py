"""A HaloPSA in a dictionary: applies a plan, rounds what it is sent, and keeps the bases a console would keep."""

from dataclasses import dataclass, field, replace
from decimal import ROUND_HALF_UP, Decimal

from billbridge.billing.changes import OWNED, PRICES, WATCHED, Base, ChangeKind, ConflictPolicy, Found
from billbridge.billing.plan import plan
from billbridge.billing.resume import Intent, bases_after


@dataclass
class PureHaloPSA:
    """Subscriptions by id, the bases by key, and which month each slot was last seen to show."""

    price_decimals: int = 6
    subscriptions: dict[int, Found] = field(default_factory=dict)
    bases: dict[str, Base] = field(default_factory=dict)
    shows: dict[str, str] = field(default_factory=dict)
    next_id: int = 1

    def add(self, *, key="", name="", deleted=False, **fields):
        """A subscription that stands there already; its id."""
        number = self.next_id
        self.next_id += 1
        shown = {"type": 1, "is_active": True, "count": Decimal(0), **fields}
        self.subscriptions[number] = Found(id=number, key=key, name=name, deleted=deleted, fields=shown)
        return number

    def edit(self, number, **fields):
        """A person changes a subscription in HaloPSA."""
        there = self.subscriptions[number]
        self.subscriptions[number] = replace(there, fields={**there.fields, **fields})

    def delete(self, number):
        self.subscriptions[number] = replace(self.subscriptions[number], deleted=True)

    def plan(self, wanted, policy=ConflictPolicy.HOLD):
        wanted = [replace(slot, showed=self.shows.get(slot.key, "")) for slot in wanted]
        return plan(wanted, self.subscriptions.values(), self.bases, policy=policy)

    def apply(self, made, *, recorded=None):
        """Write what the plan holds and record what is read back, as the console does.

        With `recorded` the run is killed: all is written, but only that many changes are recorded. The intents
        whose outcome nobody knows come back.
        """
        intents = []
        for place, change in enumerate(made.changes):
            number = change.subscription_id
            if change.kind.writes:
                if number is None:
                    number = self.add()
                self._write(number, change.values)
            doubles = change.kind is ChangeKind.CLOSE and not change.wanted.closes
            if recorded is not None and place >= recorded:
                intents += [_intent(change)] if change.kind.writes else []
            elif (change.kind.writes or change.kind is ChangeKind.KEEP) and not doubles:
                self._keep(change.wanted, self.subscriptions[number])
        return intents

    def resume(self, intents):
        """Bring the bases up to date with what a killed run wrote."""
        self.bases = bases_after(intents, self.bases, self.subscriptions.values())

    def _write(self, number, values):
        self.edit(number, **{name: self._rounded(name, value) for name, value in values.items()})
        there = self.subscriptions[number]
        self.subscriptions[number] = replace(
            there, key=values.get("product_sku", there.key), name=values.get("name", there.name)
        )

    def _rounded(self, name, value):
        if name not in PRICES:
            return value
        return Decimal(value).quantize(Decimal(1).scaleb(-self.price_decimals), rounding=ROUND_HALF_UP)

    def _keep(self, wanted, now):
        known = self.bases.get(wanted.key)
        sent = {**(known.sent if known else {}), **wanted.of_month, **wanted.set_once}
        self.bases[wanted.key] = Base(
            subscription_id=now.id,
            owned={name: now.fields.get(name) for name in OWNED},
            asked=wanted.owned,
            sent=sent,
            watched={name: now.fields.get(name) for name in WATCHED},
        )
        self.shows[wanted.key] = wanted.shows


def _intent(change):
    return Intent(
        key=change.wanted.key,
        subscription_id=change.subscription_id,
        client_id=change.wanted.client_id,
        values=change.values,
        sent_at=0.0,
    )
