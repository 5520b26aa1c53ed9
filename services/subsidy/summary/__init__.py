"""Subsidy in figures: how people are priced, who is held and why, what each funder pays; never a person."""
