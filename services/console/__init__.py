"""Console: the operations page. It asks the other services over HTTP and owns no business fact."""

from services.console import api_index, routes
from services.console.resources import ConsoleResources
from shared.service import Service

SERVICE = Service[ConsoleResources](
    name="console",
    routers=(routes.ROUTER, api_index.ROUTER),
    resources=ConsoleResources,
    public_paths=frozenset({"/", "/docs", "/stream", "/static/{name}"}),
    mount="",
)
