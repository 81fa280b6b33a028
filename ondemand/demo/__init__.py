"""Makes the demo's past twelve months by driving the product's own services, as the outside world would."""
