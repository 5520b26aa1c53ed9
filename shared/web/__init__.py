"""HTTP for every service: the app, who calls, transactions per request, and refusals as problem+json."""
