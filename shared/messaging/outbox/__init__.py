"""Events out: written with the facts they tell, then relayed in order."""
