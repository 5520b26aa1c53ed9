"""Imports: people entered by file, each row taken or refused by itself, as the door for single applications would.

A row is one person to be registered for one benefit year. It goes through the same checks and the same recording as an
application over HTTP, and is *imported* (a new enrolment), *unchanged* (that enrolment stands already, with the same
content) or *refused* with a reason. So a file may be sent twice, and an import that was cut off may be run again.
"""
