"""The group that the commands about channels register themselves with."""

from shared.command_line import Commands

channels = Commands(help="支付渠道与商户 · payment channels and their merchants", no_args_is_help=True)


@channels.callback()
def _channels() -> None:
    """支付渠道与商户 · payment channels and their merchants."""
