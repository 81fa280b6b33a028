"""How a migration says who may do what: a role, its verbs, and the rows that it meets."""

from dataclasses import dataclass

from ondemand.tenancy.roles import Role

EVERY = "true"
OWN_PARTNER = "partner_id = (SELECT app.partner_id())"
OWN_CUSTOMER = "customer_id = (SELECT app.customer_id())"
OWN_SIGNUP = "public_id = (SELECT app.signup_id())"

READ = "SELECT"
WRITE = "SELECT, INSERT, UPDATE, DELETE"
# INSERT … RETURNING id needs SELECT on that column, and the role's policy must show the new row.
EDIT = "SELECT, INSERT, UPDATE"
APPEND = "INSERT, SELECT (id)"


@dataclass(frozen=True)
class Access:
    role: Role
    verbs: str = READ
    rows: str = EVERY
