"""Console: the operations page. It asks the other services over HTTP and owns no business fact."""

from services.console.api_index import router as api_router
from services.console.resources import ConsoleResources
from services.console.routes import router
from shared.service import Service

SERVICE = Service[ConsoleResources](
    name="console",
    routers=(router, api_router),
    resources=ConsoleResources,
    public_paths=frozenset({"/", "/docs", "/stream", "/static/{name}"}),
    mount="",
)
