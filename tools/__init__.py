"""Operators' tools: the `canbao` command and what each of its commands needs. No service imports them."""
