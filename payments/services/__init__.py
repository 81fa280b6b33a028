"""Payments to partners: drafted, proposed, approved by a second person, sent."""
