from instances.models.brake import Brake, Tick
from instances.models.instance import Instance, InstanceEvent
from instances.models.suspension import Suspension
from instances.models.usage import UsageCycle, UsageReading, whole_gb

__all__ = ["Brake", "Instance", "InstanceEvent", "Suspension", "Tick", "UsageCycle", "UsageReading", "whole_gb"]
