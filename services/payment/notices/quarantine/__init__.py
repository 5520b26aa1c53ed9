"""The rows of notices that were set aside: listed, summed, and put back into the queue."""
