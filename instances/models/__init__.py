from instances.models.instance import Instance, InstanceEvent
from instances.models.usage import UsageCycle, UsageReading, whole_gb

__all__ = ["Instance", "InstanceEvent", "UsageCycle", "UsageReading", "whole_gb"]
