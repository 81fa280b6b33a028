"""A stand-in for Stripe's API: a separate process on loopback, built from the official library alone."""
