from instances.models.instance import Instance, InstanceEvent
from instances.models.suspension import Suspension
from instances.models.usage import UsageCycle, UsageReading, whole_gb

__all__ = ["Instance", "InstanceEvent", "Suspension", "UsageCycle", "UsageReading", "whole_gb"]
