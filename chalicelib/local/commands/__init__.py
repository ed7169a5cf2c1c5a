"""The commands of `lookalike`, a module each, and what they share."""
