"""``canbao channels``: the payment channels and their merchants."""

from tools.channels.group import channels
from tools.channels.sandbox import sandbox

channels.command()(sandbox)
