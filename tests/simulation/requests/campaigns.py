"""Members take part in campaigns."""

from dataclasses import dataclass

from loyalty.table.targeting import TableTargeting
from loyalty.usecases.campaigns.membership import CampaignMembership, join, leave
from loyalty.usecases.ports import Desk
from tests.simulation.world import PROGRAM_ID, World, stepped_engine


@dataclass(frozen=True, slots=True)
class JoinCampaign:
    member_id: str
    campaign_id: str

    @property
    def name(self) -> str:
        return f"{self.member_id} joins {self.campaign_id}"

    def run(self, desk: Desk, world: World) -> CampaignMembership:
        return join(self.member_id, self.campaign_id, targetings=_targetings(), desk=desk)


@dataclass(frozen=True, slots=True)
class LeaveCampaign:
    member_id: str
    campaign_id: str

    @property
    def name(self) -> str:
        return f"{self.member_id} leaves {self.campaign_id}"

    def run(self, desk: Desk, world: World) -> str:
        return leave(self.member_id, self.campaign_id, targetings=_targetings(), desk=desk)


def _targetings() -> TableTargeting:
    return TableTargeting(stepped_engine(), program_id=PROGRAM_ID)
