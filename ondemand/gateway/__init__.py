"""Everything that is said to Stripe and heard from it, as plain facts; the only package that imports stripe."""
