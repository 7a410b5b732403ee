"""Looks at a live installation: sends marks to it, reads what it wrote and how it is set, and says what leaks.

findings.py judges values; visit.py, places.py and surroundings.py fetch them.
"""
