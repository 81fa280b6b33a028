from customers.models.billing import Invoice, InvoiceLine, InvoicePayment
from customers.models.cancellation import Cancellation
from customers.models.corrections import CreditNote, CreditNoteLine, Dispute, Refund
from customers.models.customer import Assignment, Customer, Person, PersonInvitation
from customers.models.help import HelpRequest
from customers.models.login import LoginToken
from customers.models.plan_change import PlanChange, PlanHistory
from customers.models.subscription import Subscription
from customers.models.upcoming import UpcomingInvoice

__all__ = [
    "Assignment",
    "Cancellation",
    "CreditNote",
    "CreditNoteLine",
    "Customer",
    "Dispute",
    "HelpRequest",
    "Invoice",
    "InvoiceLine",
    "InvoicePayment",
    "LoginToken",
    "Person",
    "PersonInvitation",
    "PlanChange",
    "PlanHistory",
    "Refund",
    "Subscription",
    "UpcomingInvoice",
]
