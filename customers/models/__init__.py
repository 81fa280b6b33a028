from customers.models.billing import Invoice, InvoiceLine, InvoicePayment, Refund
from customers.models.customer import Assignment, Customer, Person, PersonInvitation
from customers.models.help import HelpRequest
from customers.models.login import LoginToken
from customers.models.subscription import Subscription
from customers.models.upcoming import UpcomingInvoice

__all__ = [
    "Assignment",
    "Customer",
    "HelpRequest",
    "Invoice",
    "InvoiceLine",
    "InvoicePayment",
    "LoginToken",
    "Person",
    "PersonInvitation",
    "Refund",
    "Subscription",
    "UpcomingInvoice",
]
