"""Letters to people: what one is, and the ways by which it leaves the house."""
