"""Spanish: Django's own, but that a day and its hour are parted by a comma."""

DATETIME_FORMAT = r"j \d\e F \d\e Y, H:i"
