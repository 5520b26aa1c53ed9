"""How long money and papers have waited where they only pass through, against the limit of each kind."""
