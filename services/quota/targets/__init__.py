"""The enrolment targets (任务数) of the townships: declared, checked, published, amended."""
