"""Refunds of suspended money: requested, approved by a person, submitted to the channel, final when confirmed."""
