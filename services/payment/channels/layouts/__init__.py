"""Files of banks and of the tax bureau whose form is data: declared layouts, and the one reader of all of them.

| Module | What it holds |
| --- | --- |
| layout | what a layout may declare, checked when it is loaded |
| catalogue | the layouts that canbao brings, and an installation's own |
| faults | what can be wrong with a file, and with a single line of it |
| values | amounts, days, moments, numbers: each read strictly |
| physical_lines | bytes into lines, in constant memory |
| field_cutter | a line into its fields, by separator or by width in bytes |
| packed_content | gzip and zip, unpacked within a bound |
| reader | the file in portions, its totals proven at its end |

Every bank agrees on its own file: a further one is a YAML file, and no code.
"""
