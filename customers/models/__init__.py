from customers.models.billing import Invoice, InvoiceLine, InvoicePayment, Refund
from customers.models.customer import Assignment, Customer, Person, Subscription

__all__ = [
    "Assignment",
    "Customer",
    "Invoice",
    "InvoiceLine",
    "InvoicePayment",
    "Person",
    "Refund",
    "Subscription",
]
