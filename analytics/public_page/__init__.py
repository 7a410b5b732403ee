"""Results that anybody may read: proposed by one person, published by a second, taken down by either."""
