"""Operators written wrong by hand, by the mistake that each makes. No tests here."""
