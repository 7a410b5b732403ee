"""Spanish date and time formats: Django's, with a comma between date and time."""

DATETIME_FORMAT = r"j \d\e F \d\e Y, H:i"
