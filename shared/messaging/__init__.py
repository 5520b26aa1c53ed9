"""Events between services: at-least-once transport, exactly-once effect (outbox, bus, consumer, dead letters)."""
