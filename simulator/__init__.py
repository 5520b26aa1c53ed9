"""A county of people, WeChat Pay, the tax office, the bank and the treasury, played from outside through real HTTP.

An oracle must not ask the accused: nothing here imports the house, and what each person owes is written by hand.
"""
