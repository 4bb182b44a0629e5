"""Testing as a feature: strategies, machines, a virtual network, a simulator and conformance checks. No I/O, no clock.

`hocket_io.testing` has what touches the world: agents on loops whose clock jumps, and targets behind a URL.
"""
