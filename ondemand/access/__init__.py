"""A person's own access: sign-ins and sessions, password, e-mail address, second factor; and whose seats are in use."""
