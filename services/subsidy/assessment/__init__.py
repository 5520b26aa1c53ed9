"""What each enrolment owes, by day of payment, who pays the rest, and on which clause that stands."""
