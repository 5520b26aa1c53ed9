"""The online interface of institutions that collect for us: bill query, payment, reversal (冲正), and payment query.

Banks and the tax bureau name people by document and name. The number becomes a token at the endpoint and is forgotten;
the name is compared by token, and never answered.
"""
