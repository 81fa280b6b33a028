from customers.models.billing import Invoice, InvoiceLine, InvoicePayment, Refund
from customers.models.customer import Assignment, Customer, Person, PersonInvitation, Subscription

__all__ = [
    "Assignment",
    "Customer",
    "Invoice",
    "InvoiceLine",
    "InvoicePayment",
    "Person",
    "PersonInvitation",
    "Refund",
    "Subscription",
]
