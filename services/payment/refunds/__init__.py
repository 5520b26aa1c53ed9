"""Refunds of suspended money: requested, approved by a person, asked from the channel, final when it says so."""
