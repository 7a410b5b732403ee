"""Files of one released look to take away: tables, packages of data, charts."""
