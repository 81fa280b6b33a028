"""The server park of one zone: a stand-in of the machines on which Openbravo instances run.

`python -m ondemand.standins.erp --port 9100 --state DIR --secret SECRET` boots instances in visible steps,
serves each at its own address and sends its signed heartbeats. For the demo and the tests; loopback only.
"""
