"""The rows of notices in quarantine: listed, summed, and put back into the queue."""
