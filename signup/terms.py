"""Versions of the terms of service and of the privacy notice, which change together. Their texts:
templates/signup/terms and templates/signup/privacy, one file a version, which is never edited once it was accepted."""

VERSIONS = ("2026-11",)
CURRENT = VERSIONS[-1]
