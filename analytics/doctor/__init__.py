"""Audit a live installation for leaks: send canaries to it, search what it wrote, and check its settings.

findings.py judges values; visit.py, places.py and surroundings.py fetch them.
"""
