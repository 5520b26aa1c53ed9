"""Whether a process may listen where its settings say: asked before anything is opened, and refused in a sentence."""

import errno
import socket
from typing import Any

from shared.settings_errors import UnusableSetting


def refuse_unusable_address(host: str, port: int, *, named_host: str, named_port: str) -> None:
    """Raise UnusableSetting, which names the setting, where the address is no place of this machine's to listen at."""
    try:
        places = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as fault:
        raise UnusableSetting(f"{named_host}: 不是本机地址 · is no address of this machine: {host}") from fault
    faults = {_fault_at(family, place) for family, _, _, _, place in places}
    if errno.EADDRINUSE in faults:
        raise UnusableSetting(
            f"{named_port}: 端口 {port} 已被占用，请换一个，或停止占用它的程序"
            f" · port {port} is in use: choose another, or stop the program that holds it"
        )
    if faults & {errno.EACCES, errno.EPERM}:
        raise UnusableSetting(
            f"{named_port}: 本用户无权使用端口 {port}，请换用 1024 以上的端口"
            f" · this user may not use port {port}: choose one above 1024"
        )
    if 0 not in faults:  # a name may stand for an address that this machine lacks beside one that it has
        raise UnusableSetting(f"{named_host}: 不是本机地址 · is no address of this machine: {host}")


def _fault_at(family: int, place: Any) -> int:
    """The error number of listening there; 0 where it can be done."""
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            probe.bind(place)
    except OSError as fault:
        return fault.errno or errno.EADDRNOTAVAIL
    return 0
