"""Payments without an order: a bank agent or the tax bureau collects what a person's bill asks, and says so.

The bill's row decides, as for every payment. An institution's number of a business date stands for one payment, and its
reversal (冲正) may come before it. What it asks online and cannot be booked is refused, so that it gives the money back
at once; what stands in its file is money, and goes to suspense where it pays no bill.
"""
