"""Settlement by the channel's own bills: each payout of its fund-flow bill, met with the bank's line, row by row.

| Module | What it does |
| --- | --- |
| bill_job | takes the payouts out of each bill: which movements each of them covers |
| payout_match | meets a line of the bank with a payout, and takes all of it back where that line is reversed |
| payout_portions | settles a payout that was met, some movements in each transaction |
| channel_questions | asks the channel about what only its bill names |
| billed_suspense | suspends money that nothing but the bill names |
| release | lets a payout with a fee wait for the bank's lines, said by two people |
| repository | the rows of payouts; what differs has a folder of its own, `differences` |
"""
