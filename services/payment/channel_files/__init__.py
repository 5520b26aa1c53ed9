"""Files of bank agents and of the tax bureau's own channels: pushed, dropped or fetched, proven, credited in portions.

| Module | What it does |
| --- | --- |
| intake | one file, signed, by the day that it is for: taken, found to be the same, or refused with its name |
| line_tokens | its lines with people's tokens, in a thread beside the database |
| job | lines into credits and reversals, a portion in each transaction; then what the file does not have |
| dropped | files in an institution's folder, a signature beside each |
| fetched | files of days that are asked for over HTTP |
| treasury | what a tax bureau's detail says of the treasury |
"""
