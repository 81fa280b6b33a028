from instances.models.instance import Instance, InstanceEvent
from instances.models.usage import UsageCycle, UsageReading

__all__ = ["Instance", "InstanceEvent", "UsageCycle", "UsageReading"]
