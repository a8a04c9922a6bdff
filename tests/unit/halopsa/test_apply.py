"""Applying a plan: how writes are batched, what is repeated, and that only the read-back counts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import httpx2
import pytest
from fake_halopsa import FakeHaloPSA, reply, sent

from billbridge.billing.changes import Change, ChangeKind, FieldChange, Found, Wanted
from billbridge.halopsa.apply import Applier, Outcome, Pace
from billbridge.halopsa.errors import NothingSent

SETTLE = 60.0
CUSTOMER = 12
Elements = list[dict[str, Any]]
Act = Callable[[Elements], httpx2.Response]


class Books:
    """A HaloPSA in memory that commits every batch whole, or does with the next ones what `acts` say.

    Batches that hold a name of `faulty` are refused whole. `posts` are the names, or ids, of every batch.
    """

    def __init__(self) -> None:
        self.halopsa = FakeHaloPSA()
        self.halopsa.on("POST /api/SoftwareLicence", self._answer)
        self.time = self.halopsa.time
        self.rows: dict[int, dict[str, Any]] = {}
        self.acts: list[Act] = []
        self.faulty: set[Any] = set()
        self.swallowed: set[Any] = set()
        self.posts: list[list[Any]] = []
        self.reads = 0
        self._late: list[tuple[float, Elements]] = []

    @property
    def sizes(self) -> list[int]:
        return [len(post) for post in self.posts]

    def names(self) -> list[str]:
        return sorted(row["product_sku"] for row in self.rows.values())

    def commit(self, elements: Elements) -> httpx2.Response:
        for element in elements:
            if _named(element) not in self.swallowed:
                number = element.get("id") or len(self.rows) + 1
                self.rows[number] = {**self.rows.get(number, {}), **element, "id": number}
        return reply([], 201)

    def commit_and_cut(self, elements: Elements) -> httpx2.Response:
        self.commit(elements)
        raise httpx2.ReadError("cut")

    def cut(self, elements: Elements) -> httpx2.Response:
        raise httpx2.ReadError("cut")

    def commit_the_first_and_fail(self, elements: Elements) -> httpx2.Response:
        self.commit(elements[:1])
        return httpx2.Response(500)

    def lose_the_last(self, elements: Elements) -> httpx2.Response:
        return self.commit(elements[:-1])

    def commit_after(self, seconds: float) -> Act:
        def act(elements: Elements) -> httpx2.Response:
            self._late.append((self.time.now + seconds, elements))
            raise httpx2.ReadError("cut")

        return act

    def confirm_and_commit_after(self, seconds: float) -> Act:
        def act(elements: Elements) -> httpx2.Response:
            self._late.append((self.time.now + seconds, elements))
            return reply([], 201)

        return act

    def refuse_connection(self, elements: Elements) -> httpx2.Response:
        raise httpx2.ConnectError("refused")

    def read(self, client_ids: frozenset[int]) -> Sequence[Found]:
        assert client_ids == {CUSTOMER}
        self.reads += 1
        for due, elements in self._late:
            if due <= self.time.now:
                self.commit(elements)
        self._late = [late for late in self._late if late[0] > self.time.now]
        return [
            Found(
                id=row["id"],
                key=row["product_sku"],
                name=row["product_sku"],
                deleted=False,
                fields={name: Decimal(str(row[name])) for name in ("count", "price") if name in row}
                | {"product_sku": row["product_sku"]},
            )
            for row in self.rows.values()
        ]

    def _answer(self, request: httpx2.Request) -> httpx2.Response:
        elements: Elements = sent(request)
        self.posts.append([_named(element) for element in elements])
        if self.acts:
            return self.acts.pop(0)(elements)
        if self.faulty.intersection(self.posts[-1]):
            return httpx2.Response(400, json="The customer does not exist")
        return self.commit(elements)


class Journal:
    """Notes what it is told, in its order."""

    def __init__(self) -> None:
        self.told: list[tuple[str, Any]] = []

    def intend(self, changes: Sequence[Change]) -> None:
        self.told.append(("intend", len(changes)))

    def sending(self, changes: Sequence[Change]) -> None:
        self.told.append(("sending", len(changes)))

    def verified(self, change: Change, now: Found, rounded: dict[str, Any]) -> None:
        self.told.append(("verified", dict(rounded)))

    def failed(self, change: Change, reason: str, now: Found | None) -> None:
        self.told.append(("failed", reason))


def _named(element: dict[str, Any]) -> Any:
    return element.get("id") or element["product_sku"]


def change(name: str, *, subscription_id: int | None = None, **values: Any) -> Change:
    wanted = Wanted(
        key=name,
        company_id="c",
        configuration_id=name,
        slot="last",
        shows="2026-10",
        name=name,
        client_id=CUSTOMER,
        site_id=40,
        owned={},
        of_month={},
        set_once={},
    )
    return Change(
        kind=ChangeKind.CREATE if subscription_id is None else ChangeKind.UPDATE,
        wanted=wanted,
        subscription_id=subscription_id,
        fields=tuple(FieldChange(field=field, before=None, after=after) for field, after in values.items()),
    )


def creates(count: int) -> list[Change]:
    return [change(name, product_sku=name, count=Decimal(3)) for name in (f"s{n}" for n in range(count))]


def updates(books: Books, count: int) -> list[Change]:
    """Updates of subscriptions 1 to `count`, which stand there with a count of 3, to 4."""
    books.commit([{"product_sku": f"s{n}", "count": 3} for n in range(count)])
    return [change(f"s{n}", subscription_id=n + 1, count=Decimal(4)) for n in range(count)]


def apply(
    books: Books,
    changes: Sequence[Change],
    *,
    full: int = 5,
    proven: int = 1,
    journal: Journal | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Outcome:
    with books.halopsa.client() as halo:
        return Applier(
            halo,
            journal or Journal(),
            books.read,
            pace=Pace(full=full, proven=proven, settle=SETTLE),
            sleep=books.time.sleep,
            progress=progress,
        ).apply(changes)


@pytest.fixture
def books() -> Books:
    return Books()


def assert_created_once_each(books: Books, outcome: Outcome, count: int) -> None:
    assert books.names() == sorted(f"s{n}" for n in range(count))
    assert len(outcome.verified) == count
    assert outcome.failed == ()


def test_nothing_to_write_asks_halopsa_nothing(books: Books) -> None:
    assert apply(books, [], proven=2) == Outcome(proven=2)
    assert (books.posts, books.reads) == ([], 0)


def test_first_creates_go_one_then_two_then_the_full_batch(books: Books) -> None:
    outcome = apply(books, creates(10))

    assert books.sizes == [1, 2, 5, 2]
    assert outcome.proven == 5
    assert_created_once_each(books, outcome, 10)


def test_a_proven_batch_is_begun_with_and_read_back_once_at_the_end(books: Books) -> None:
    apply(books, creates(10), proven=5)

    assert books.sizes == [5, 5]
    assert books.reads == 1


def test_a_batch_proven_before_never_exceeds_the_size_that_is_set_now(books: Books) -> None:
    outcome = apply(books, creates(6), full=3, proven=50)

    assert books.sizes == [3, 3]
    assert outcome.proven == 3


def test_fewer_creates_than_a_batch_prove_nothing_about_that_batch(books: Books) -> None:
    assert apply(books, creates(2)).proven == 2
    assert books.sizes == [1, 1]


def test_a_batch_of_which_one_is_missing_is_completed_one_by_one_and_the_next_is_small_again(books: Books) -> None:
    books.acts = [books.commit, books.lose_the_last]

    outcome = apply(books, creates(6))

    assert books.posts == [["s0"], ["s1", "s2"], ["s2"], ["s3"], ["s4", "s5"]]
    assert_created_once_each(books, outcome, 6)


def test_a_batch_that_shows_only_later_makes_the_next_ones_small_again(books: Books) -> None:
    books.acts = [books.commit, books.confirm_and_commit_after(5)]

    outcome = apply(books, creates(6))

    assert books.sizes == [1, 2, 1, 2]
    assert_created_once_each(books, outcome, 6)


def test_an_unknown_outcome_makes_later_batches_small_again(books: Books) -> None:
    books.acts = [books.cut]

    outcome = apply(books, creates(8), proven=5)

    assert books.sizes == [5, 1, 1, 1, 1, 1, 1, 2]
    assert_created_once_each(books, outcome, 8)


def test_a_create_of_unknown_outcome_is_waited_for_and_looked_for_twice_before_it_is_repeated(
    books: Books,
) -> None:
    books.acts = [books.cut]

    outcome = apply(books, creates(1))

    assert books.time.slept == [SETTLE, 1.0]
    assert books.sizes == [1, 1]
    assert_created_once_each(books, outcome, 1)


def test_a_create_whose_answer_was_cut_off_after_the_commit_is_not_repeated(books: Books) -> None:
    books.acts = [books.commit_and_cut]

    outcome = apply(books, creates(5), proven=5)

    assert books.sizes == [5]
    assert books.time.slept == [SETTLE]
    assert_created_once_each(books, outcome, 5)


@pytest.mark.parametrize("seconds", [SETTLE / 2, SETTLE + 0.5], ids=["at the first look", "at the second look"])
def test_a_late_commit_is_found_and_not_repeated(books: Books, seconds: float) -> None:
    books.acts = [books.commit_after(seconds)]

    outcome = apply(books, creates(5), proven=5)

    assert books.sizes == [5]
    assert_created_once_each(books, outcome, 5)


def test_of_a_batch_that_arrived_in_part_only_the_rest_is_repeated(books: Books) -> None:
    books.acts = [books.commit_the_first_and_fail]

    outcome = apply(books, creates(3), proven=5)

    assert books.posts == [["s0", "s1", "s2"], ["s1"], ["s2"]]
    assert_created_once_each(books, outcome, 3)


def test_a_create_is_given_up_after_three_tries_with_the_reason(books: Books) -> None:
    books.acts = [books.cut] * 4

    outcome = apply(books, creates(2))

    assert books.posts == [["s0"]] * 4 + [["s1"]]
    ((failed, reason),) = outcome.failed
    assert failed.wanted.key == "s0"
    assert "not answered cleanly" in reason
    assert books.names() == ["s1"]


def test_a_create_that_halopsa_confirms_and_never_shows_has_failed(books: Books) -> None:
    books.swallowed = {"s0"}

    outcome = apply(books, creates(2))

    assert [(failed.wanted.key, reason) for failed, reason in outcome.failed] == [
        ("s0", "HaloPSA does not show it")
    ]
    assert books.names() == ["s1"]


def test_a_faulty_create_is_found_by_halving_and_stands_alone(books: Books) -> None:
    books.faulty = {"s5"}

    outcome = apply(books, creates(8), full=8, proven=8)

    assert books.sizes == [8, 4, 4, 2, 1, 1, 2]
    ((failed, reason),) = outcome.failed
    assert failed.wanted.key == "s5"
    assert "The customer does not exist" in reason
    assert books.names() == sorted({f"s{n}" for n in range(8)} - {"s5"})


def test_a_faulty_update_is_found_by_halving_and_stands_alone(books: Books) -> None:
    changes = updates(books, 8)
    books.faulty = {6}

    outcome = apply(books, changes, full=8)

    assert books.sizes == [8, 4, 4, 2, 1, 1, 2]
    assert [(failed.wanted.key, "does not exist" in reason) for failed, reason in outcome.failed] == [("s5", True)]
    assert {row["count"] for number, row in books.rows.items() if number != 6} == {4}


def test_an_update_of_unknown_outcome_is_simply_repeated(books: Books) -> None:
    changes = updates(books, 3)
    books.acts = [books.cut, books.commit_and_cut]

    outcome = apply(books, changes)

    assert books.sizes == [3, 3, 3]
    assert len(outcome.verified) == 3


def test_an_update_that_arrived_although_every_answer_was_cut_off_is_verified(books: Books) -> None:
    changes = updates(books, 3)
    books.acts = [books.commit_and_cut] * 3

    assert len(apply(books, changes).verified) == 3


def test_updates_go_before_creates_and_everything_is_intended_before_anything_is_sent(books: Books) -> None:
    journal = Journal()
    changes = [*creates(4)[3:], *updates(books, 2)]

    apply(books, changes, journal=journal)

    assert books.posts == [[1, 2], ["s3"]]
    assert journal.told[:3] == [("intend", 3), ("sending", 2), ("sending", 1)]
    assert [told for told, _ in journal.told[3:]] == ["verified"] * 3


def test_an_update_of_a_subscription_that_is_gone_has_failed_and_is_not_waited_for(books: Books) -> None:
    changes = updates(books, 2)
    books.swallowed = {2}
    del books.rows[2]

    outcome = apply(books, changes)

    assert [(failed.wanted.key, reason) for failed, reason in outcome.failed] == [
        ("s1", "HaloPSA does not show it")
    ]
    assert books.time.slept == []


def test_what_halopsa_shows_otherwise_than_it_was_sent_has_failed_with_both_values(books: Books) -> None:
    changes = updates(books, 1)
    books.swallowed = {1}

    ((_, reason),) = apply(books, changes).failed

    assert reason == "HaloPSA shows count 3 instead of 4"


def test_a_price_that_halopsa_merely_rounded_is_verified_with_what_it_shows(books: Books) -> None:
    def round_prices(elements: Elements) -> httpx2.Response:
        return books.commit([{**element, "price": "14.67"} for element in elements])

    books.acts = [round_prices]
    journal = Journal()

    outcome = apply(books, [change("s0", product_sku="s0", price=Decimal("14.667"))], journal=journal)

    assert len(outcome.verified) == 1
    assert journal.told[-1] == ("verified", {"price": Decimal("14.67")})


def test_a_halopsa_that_cannot_be_reached_ends_the_run_and_leaves_the_rest_intended(books: Books) -> None:
    books.acts = [books.commit, *[books.refuse_connection] * 10]
    journal = Journal()

    with pytest.raises(NothingSent):
        apply(books, creates(6), journal=journal)

    assert journal.told == [("intend", 6), ("sending", 1), ("sending", 2)]
    assert books.names() == ["s0"]


def test_progress_ends_with_everything_done(books: Books) -> None:
    seen: list[tuple[int, int]] = []

    apply(books, [*updates(books, 3), *creates(6)[3:]], progress=lambda done, total: seen.append((done, total)))

    assert seen == sorted(seen)
    assert seen[-1] == (6, 6)
