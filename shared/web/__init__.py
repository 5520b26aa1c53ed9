"""HTTP for every service: the app, authorisation, transactions per request, and errors as problem+json."""
