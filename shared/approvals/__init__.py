"""Acts that need two people: one proposes with a reason and evidence, another approves, and only then it happens.

| Module | What it does |
| --- | --- |
| act | what such an act is: its name, what is asked for, what its approval effects |
| state | which decision may follow which, and by whom; pure |
| service | propose, approve with its effect, refuse, withdraw: each in the caller's transaction |
| repository | the rows |
| routes | the list of what waits, and the decisions, over HTTP |

A folder exports its ``ACTS``; a service's folder ``approvals`` makes the endpoints of them with ``approval_routes``. An
act is proposed at an endpoint of its own, which knows what is asked for and calls ``propose``.
"""
