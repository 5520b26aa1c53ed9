"""Settlement by the channel's own bills: each payout of its fund-flow bill, met with the bank's line, row by row.

| Module | What it does |
| --- | --- |
| bill_job | takes the payouts out of each bill: which movements each of them covers |
| billed | the rows of bills and of the payouts in them |
| payout_match | meets a line of the bank with a payout, or holds what equals none |
| payout_portions | settles a payout some movements at a time: each goes on alone |
| portions | where a payout that is settled in portions stands |
| resolution | what a payout lacked: refunds without an explanation, and what is there now |
| release | two people let a payout wait that a fee holds |
| channel_questions | asks the channel about what only its bill names |
| billed_suspense | suspends money that only a bill names |
| models | a payout |
| repository | the rows of payouts and the lines of the bank that they wait for |
"""
