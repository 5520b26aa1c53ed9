"""The events each service publishes, one module per publisher: the only knowledge that services share."""
