"""Runs the demo: starts processes, copies what they say, starts again what died. Knows no Django and no business.

One thread: Linux ties a child's life to the thread that started it.
"""
