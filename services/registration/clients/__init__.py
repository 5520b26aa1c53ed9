"""The systems that may call: their credentials, and the tokens they get for them."""
