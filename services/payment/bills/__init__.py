"""Bills: what one enrolment owes under one assessment version, by payment date."""
