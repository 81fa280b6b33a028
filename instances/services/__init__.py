"""What is done with instances, by noun: boots, heartbeats, usage."""
