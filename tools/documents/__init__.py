"""Documents that follow from the code: OpenAPI, event schemas and the catalogue of errors, written into ``docs/``."""
