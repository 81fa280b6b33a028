"""A stranger's program: the official Stripe library, a browser's session, and a running demo's .demo/env alone."""
