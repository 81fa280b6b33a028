"""One customer at Stripe, and what somebody at the Dashboard can do about its invoices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.standins.stripe_process import Standin


@dataclass
class Desk:
    """`prices`: Stripe's ids by name."""

    standin: Standin
    prices: dict[str, str]
    customer: str

    @property
    def v1(self) -> Any:
        return self.standin.v1

    def draft(self, *, lines: Any = (("users", 3), ("disk", 7)), of_lines: Any = None, **more: Any) -> Any:
        """Two lines: 39.99 and 15.19, unless others are asked for."""
        given = {
            "customer": self.customer,
            "currency": "eur",
            "auto_advance": False,
            "pending_invoice_items_behavior": "exclude",
        }
        made = self.v1.invoices.create(given | more)
        for price, quantity in lines:
            item = {"pricing": {"price": self.prices[price]}, "quantity": quantity, **(of_lines or {})}
            self.v1.invoice_items.create({"customer": self.customer, "invoice": made.id} | item)
        return made

    def open(self, **more: Any) -> Any:
        return self.v1.invoices.finalize_invoice(self.draft(**more).id, {"auto_advance": False})

    def paid(self, **more: Any) -> Any:
        return self.pay(self.open(**more))

    def pay(self, invoice: Any, **more: Any) -> Any:
        found = self.v1.invoices.retrieve(invoice.id)
        return found if found.status == "paid" else self.v1.invoices.pay(invoice.id, more)

    def pay_part(self, invoice: Any, amount: int) -> str:
        """By a payment of its own; its id."""
        intent = self.v1.payment_intents.create(
            {
                "customer": self.customer, "amount": amount, "currency": "eur", "payment_method": self.card(),
                "confirm": True, "off_session": True, "payment_method_types": ["card"],
            }
        )  # fmt: skip
        self.v1.invoices.attach_payment(invoice.id, {"payment_intent": intent.id})
        return str(intent.id)

    def card(self) -> str:
        return str(self.v1.customers.retrieve(self.customer).invoice_settings.default_payment_method)

    def use_card(self, name: str) -> None:
        card = self.v1.payment_methods.attach(name, {"customer": self.customer}).id
        self.v1.customers.update(self.customer, {"invoice_settings": {"default_payment_method": card}})

    def intent(self, invoice: Any) -> str:
        found = self.v1.invoices.retrieve(invoice.id, {"expand": ["payments"]}).payments.data
        return next(str(each.payment.payment_intent) for each in found if each.status == "paid")

    def refund(self, invoice: Any, amount: int | None = None) -> Any:
        return self.v1.refunds.create(
            {"payment_intent": self.intent(invoice), **({"amount": amount} if amount else {})}
        )

    def note(self, invoice: Any, **more: Any) -> Any:
        return self.v1.credit_notes.create({"invoice": invoice.id, **more})

    def note_of_line(self, invoice: Any, amount: int, **more: Any) -> Any:
        """Of the second line."""
        line = self.v1.invoices.retrieve(invoice.id).lines.data[1].id
        of = [{"type": "invoice_line_item", "invoice_line_item": line, "amount": amount}]
        return self.note(invoice, lines=of, **more)

    def dispute(self, invoice: Any, amount: int | None = None, **more: Any) -> str:
        charge = self.v1.payment_intents.retrieve(self.intent(invoice)).latest_charge
        given = {"charge": charge, **({"amount": amount} if amount else {}), **more}
        return str(self.standin.control("disputes", given)["id"])

    def decide(self, dispute: str, outcome: str) -> None:
        self.standin.control("disputes", {"dispute": dispute, "outcome": outcome})

    def subscribe(self, price: str) -> Any:
        return self.v1.subscriptions.create(
            {
                "customer": self.customer, "items": [{"price": self.prices[price]}],
                "billing_mode": {"type": "flexible"},
            }
        )  # fmt: skip

    def use(self, subscription: Any, price: str, quantity: int) -> None:
        """What an instance used, for the next renewal."""
        item = {"pricing": {"price": self.prices[price]}, "quantity": quantity}
        self.v1.invoice_items.create({"customer": self.customer, "subscription": subscription.id} | item)
