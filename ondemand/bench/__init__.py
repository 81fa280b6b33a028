"""What the product costs in time and memory, measured on what really runs."""
