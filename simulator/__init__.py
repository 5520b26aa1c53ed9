"""A county of people, WeChat Pay, the tax office, the bank and the treasury, played from outside through real HTTP.

It is an independent oracle: nothing here imports the product, and what each person owes is written by hand.
"""
