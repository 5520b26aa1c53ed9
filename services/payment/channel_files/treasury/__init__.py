"""What a tax bureau collected itself and brought into the treasury, as its own detail says."""
