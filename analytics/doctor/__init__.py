"""Audit a live installation for leaks: send canaries to it, search what it wrote, and check its settings.

scan.py does it all: probes.py, log_search.py and host_checks.py fetch values, and findings.py judges them.
"""
