"""One script for each claim."""
