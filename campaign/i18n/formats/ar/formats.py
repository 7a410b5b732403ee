"""Arabic formats: Django's, with numbers grouped and in the digits of the messages and charts."""

DECIMAL_SEPARATOR = "."
THOUSAND_SEPARATOR = ","
NUMBER_GROUPING = 3
