"""Applications for enrolment: one person or a village at once, each accepted or refused by itself."""
