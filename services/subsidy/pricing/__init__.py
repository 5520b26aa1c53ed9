"""Prices by the policy pack, below everything that stores or announces them."""
