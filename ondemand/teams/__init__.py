"""Who belongs to a tenant, by invitation: a partner's members and a customer's people, by the same rules."""
