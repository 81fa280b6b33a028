"""Test clocks, with Stripe's own limits."""

from __future__ import annotations

from ondemand.standins.stripe import work
from ondemand.standins.stripe.account import Account
from ondemand.standins.stripe.core import operation, resource
from ondemand.standins.stripe.errors import invalid
from ondemand.standins.stripe.events import emit
from ondemand.standins.stripe.params import Params
from ondemand.standins.stripe.periods import ENDED, later
from ondemand.standins.stripe.shapes import Object

KIND = "test_helpers.test_clock"
LIVES = 30 * 86400

resource(KIND, "/v1/test_helpers/test_clocks")


@operation("POST /v1/test_helpers/test_clocks")
def create(account: Account, params: Params) -> Object:
    made = account.new(
        KIND, frozen_time=params["frozen_time"], name=params.get("name"), status="ready", status_details={},
        deletes_after=account.now() + LIVES,
    )  # fmt: skip
    emit(account, "test_helpers.test_clock.created", made)
    return made


@operation("POST /v1/test_helpers/test_clocks/{test_clock}/advance")
def advance(account: Account, params: Params, id: str) -> Object:
    clock, target = account.get(KIND, id), params["frozen_time"]
    if target <= clock["frozen_time"]:
        raise invalid("The frozen_time must be after the clock's current time.", "frozen_time")
    limit = _limit(account, clock)
    if limit and target > limit:
        raise invalid(
            "You can advance a test clock by at most two intervals of the shortest subscription that is on it at once "
            f"(until {limit}).", "frozen_time",
        )  # fmt: skip
    advancing = clock | {"status": "advancing", "status_details": {"advancing": {"target_frozen_time": target}}}
    emit(account, "test_helpers.test_clock.advancing", advancing)
    work.catch_up(account.store, id, target)
    emit(account, "test_helpers.test_clock.ready", account.save(clock | {"frozen_time": target}))
    return advancing | {"frozen_time": target}


def _limit(account: Account, clock: Object) -> int | None:
    now = clock["frozen_time"]
    ends = [
        later(later(now, item["price"], now), item["price"], now)
        for subscription in account.find("subscription", test_clock=clock["id"])
        if subscription["status"] not in ENDED
        for item in subscription["items"]["data"]
    ]
    return min(ends) if ends else None


@operation("DELETE /v1/test_helpers/test_clocks/{test_clock}")
def delete(account: Account, params: Params, id: str) -> Object:
    """All that is on the clock goes with it."""
    clock = account.get(KIND, id)
    account.db.execute("DELETE FROM objects WHERE timeline = ?", (id,))
    emit(account, "test_helpers.test_clock.deleted", clock)
    return account.delete(clock)
