"""The kernel of the screens: one list and one detail for all of them. It has no business words."""
