"""What canbao is measured against, in the same run and on the same machine: never tuned to look bad."""
