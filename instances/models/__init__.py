from instances.models.brake import Brake, Tick
from instances.models.deletion import Deletion
from instances.models.ending import Ending
from instances.models.instance import Instance, InstanceEvent
from instances.models.suspension import Rest, Suspension
from instances.models.usage import UsageCycle, UsageReading, whole_gb

__all__ = [
    "Brake",
    "Deletion",
    "Ending",
    "Instance",
    "InstanceEvent",
    "Rest",
    "Suspension",
    "Tick",
    "UsageCycle",
    "UsageReading",
    "whole_gb",
]
