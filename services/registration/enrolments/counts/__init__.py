"""Running counts of enrolments: what a change adds and takes away is written with it, and folded by a job."""
