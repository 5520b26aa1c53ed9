"""The region directory: which towns and villages the pooling area has."""
