"""Settlement by the channel's own bills: each payout of its fund-flow bill, met with the bank's line, row by row.

| Module | What it does |
| --- | --- |
| bill_job | takes the payouts out of each bill: which movements each of them covers |
| payout_match | meets a line of the bank with a payout, and lets each covered movement go on alone |
| differences | what differs: owner and age, closed by the fact that resolves it, or by two people |
| channel_questions | asks the channel about what only its bill names |
| repository | the rows of payouts and differences |
"""
