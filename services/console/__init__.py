"""Console: the operations page. It asks the other services over HTTP and owns no business fact."""

from services.console.resources import ConsoleResources
from services.console.routes import router
from shared.service import Service

SERVICE = Service[ConsoleResources](
    name="console",
    routers=(router,),
    resources=ConsoleResources,
    public_paths=frozenset({"/", "/stream", "/static/{name}"}),
    mount="",
)
