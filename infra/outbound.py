"""Events on their way out: told to a function by the bus, and tried one delivery at a time."""

from __future__ import annotations

from constructs import Construct

from infra.functions import CapabilityFunction
from infra.queues import WorkQueue
from infra.settings import Settings
from infra.subscriptions import Subscription
from loyalty.domain.events import SOURCE

# An event is only looked at and queued for whoever wants it: short work, which takes few hands.
ANNOUNCED_AT_ONCE_MAX = 10
ANNOUNCEMENTS_CONCURRENCY_MAX = 5
# An endpoint that does not answer holds one of these for seconds, and nothing else but itself.
ENDPOINTS_CONCURRENCY_MAX = 50


class Outbound(Construct):
    """Two queues before one function, so that endpoints that are slow hold up no news of events.

    A delivery comes alone: in a batch it would wait for those before it.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        function: CapabilityFunction,
        bus_name: str,
    ) -> None:
        super().__init__(scope, construct_id)
        announcements = WorkQueue(
            self,
            "Announcements",
            settings=settings,
            function=function,
            concurrency_max=settings.workers_at_once(ANNOUNCEMENTS_CONCURRENCY_MAX),
            batch_size=ANNOUNCED_AT_ONCE_MAX,
            sends="nothing",
            name="announcements",
        )
        turns = WorkQueue(
            self,
            "Endpoints",
            settings=settings,
            function=function,
            concurrency_max=settings.workers_at_once(ENDPOINTS_CONCURRENCY_MAX),
            batch_size=1,
            sends="one",
        )
        function.function.add_environment("LOYALTY_ENDPOINTS_QUEUE_URL", turns.queue.queue_url)
        Subscription(
            self, "EveryEvent", source=SOURCE, names=(), queue=announcements, bus_name=bus_name
        )
        self.queues = (announcements, turns)
