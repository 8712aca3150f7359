"""Who may call: members, staff and services, each in a user pool of their own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from aws_cdk import Aws, CfnOutput, Duration, Stack
from aws_cdk import aws_cloudwatch as cw
from aws_cdk import aws_cognito as cognito
from constructs import Construct

from infra.acknowledge import acknowledge
from infra.alarms import FIVE_MINUTES, SUM, Alarm
from infra.functions import CapabilityFunction
from infra.settings import Configuration, Settings
from loyalty.domain.program.services import SERVICE_SCOPE
from loyalty.domain.staff.people import INVITATION_DAYS

_PASSWORDS = cognito.PasswordPolicy(
    min_length=12,
    require_lowercase=True,
    require_uppercase=True,
    require_digits=True,
    require_symbols=True,
    temp_password_validity=Duration.days(INVITATION_DAYS),
)
# What Cognito counts when it refuses members for the moment.
THROTTLES = {
    "sign_ups": "SignUpThrottles",
    "sign_ins": "SignInThrottles",
    "refreshes": "TokenRefreshThrottles",
}
# A working day; then staff sign in again.
STAFF_SESSION = Duration.hours(12)


class Pool(Construct):
    """A user pool with a domain for its own pages and for its token endpoint."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        pool: cognito.UserPool,
        domain_prefix: str,
    ) -> None:
        super().__init__(scope, construct_id)
        self.pool = pool
        domain = pool.add_domain(
            "Domain",
            # A prefix is unique over all accounts of a region.
            cognito_domain=cognito.CognitoDomainOptions(
                domain_prefix=f"{domain_prefix}-{Aws.ACCOUNT_ID}"
            ),
        )
        self.authorize_url = f"{domain.base_url()}/oauth2/authorize"
        self.token_url = f"{domain.base_url()}/oauth2/token"
        self.sign_out_url = f"{domain.base_url()}/logout"

    @property
    def id(self) -> str:
        return self.pool.user_pool_id

    @property
    def issuer(self) -> str:
        # Not the pool's attribute `ProviderURL`, which the local cloud's CloudFormation lacks.
        return f"https://cognito-idp.{Aws.REGION}.amazonaws.com/{self.id}"


def _people(
    scope: Construct,
    construct_id: str,
    *,
    settings: Settings,
    self_sign_up_enabled: bool,
    mfa: cognito.Mfa,
    feature_plan: cognito.FeaturePlan,
) -> cognito.UserPool:
    """A pool of people, who sign in by their e-mail address."""
    return cognito.UserPool(
        scope,
        construct_id,
        self_sign_up_enabled=self_sign_up_enabled,
        # By e-mail only: a public sign-up that sends text messages invites toll fraud.
        sign_in_aliases=cognito.SignInAliases(email=True),
        sign_in_case_sensitive=False,
        auto_verify=cognito.AutoVerifiedAttrs(email=True),
        # The old address stays in force until the new one is verified.
        keep_original=cognito.KeepOriginalAttrs(email=True),
        account_recovery=cognito.AccountRecovery.EMAIL_ONLY,
        mfa=mfa,
        mfa_second_factor=cognito.MfaSecondFactor(otp=True, sms=False),
        password_policy=_PASSWORDS,
        feature_plan=feature_plan,
        deletion_protection=settings.is_prod,
    )


class MembersPool(Pool):
    """The public: anyone may sign up. Its client is for the merchant's app."""

    def __init__(self, scope: Construct, construct_id: str, *, settings: Settings) -> None:
        pool = _people(
            scope,
            "UserPool",
            settings=settings,
            self_sign_up_enabled=True,
            mfa=cognito.Mfa.OPTIONAL,
            # Nothing here needs a dearer one, and it is priced per person who signs in.
            feature_plan=cognito.FeaturePlan.LITE,
        )
        super().__init__(scope, construct_id, pool=pool, domain_prefix=f"loyalty-{settings.stage}")
        _send_through_ses(pool, settings.configuration)
        acknowledge(
            pool,
            "AwsSolutions-COG2",
            reason="Anyone can turn a second factor on, but customers of a coffee shop would stay "
            "away if they had to. Staff, who have to, are in another pool.",
        )
        _acknowledge_plan(pool)
        self.client = self._client(settings.configuration.callback_urls)

    @property
    def audience(self) -> Sequence[str]:
        return (self.client.user_pool_client_id,)

    @property
    def alarms(self) -> Sequence[Alarm]:
        """Cognito's limits are of the account, and members are the first to meet them."""
        throttles = {
            name: cw.Metric(
                namespace="AWS/Cognito",
                metric_name=metric,
                dimensions_map={
                    "UserPool": self.id,
                    "UserPoolClient": self.client.user_pool_client_id,
                },
                statistic=SUM,
            )
            for name, metric in THROTTLES.items()
        }
        return (
            Alarm(
                name="sign-in-throttles",
                says="Cognito turned members away who signed up or in: too many at once.",
                metric=cw.MathExpression(
                    expression=" + ".join(f"FILL({name}, 0)" for name in throttles),
                    using_metrics=throttles,
                    label="refused sign-ups and sign-ins",
                    period=FIVE_MINUTES,
                ),
            ),
        )

    def _client(self, callback_urls: Sequence[str]) -> cognito.UserPoolClient:
        """Create the public client for apps. It has no secret, because an app cannot keep one."""
        writable = cognito.ClientAttributes().with_standard_attributes(
            email=True, fullname=True, locale=True, phone_number=True
        )
        readable = cognito.ClientAttributes().with_standard_attributes(
            email=True,
            email_verified=True,
            fullname=True,
            locale=True,
            phone_number=True,
            phone_number_verified=True,
        )
        return self.pool.add_client(
            "Mobile",
            generate_secret=False,
            # With IAM rights, a token can be fetched by hand as well.
            auth_flows=cognito.AuthFlow(user_srp=True, admin_user_password=True),
            disable_o_auth=not callback_urls,
            o_auth=_code_flow(callback_urls, cognito.OAuthScope.PHONE) if callback_urls else None,
            read_attributes=readable,
            write_attributes=writable,
            id_token_validity=Duration.hours(1),
            access_token_validity=Duration.hours(1),
            refresh_token_validity=Duration.days(90),
            enable_token_revocation=True,
            prevent_user_existence_errors=True,
        )


class StaffPool(Pool):
    """The people who run programs: invited, and with a second factor at every sign-in.

    Groups `<program>/<role>` give rights in one program, `*/<role>` in every program, and
    `operator` the right to open programs and to register services.
    """

    def __init__(self, scope: Construct, construct_id: str, *, settings: Settings) -> None:
        pool = _people(
            scope,
            "StaffPool",
            settings=settings,
            self_sign_up_enabled=False,
            mfa=cognito.Mfa.REQUIRED,
            feature_plan=cognito.FeaturePlan.ESSENTIALS,
        )
        super().__init__(
            scope, construct_id, pool=pool, domain_prefix=f"loyalty-{settings.stage}-staff"
        )
        _send_through_ses(pool, settings.configuration)
        _acknowledge_plan(pool)

    def client_of(self, scope: Construct, *, console_url: str) -> cognito.UserPoolClient:
        """Create the client that the console signs staff in with.

        It belongs to the stack of the API, because sign-in leads back to the API's own address.
        """
        return cognito.UserPoolClient(
            scope,
            "ConsoleClient",
            user_pool=self.pool,
            # The console runs in a browser, which cannot keep a secret.
            generate_secret=False,
            # With IAM rights, a token can be fetched by hand as well.
            auth_flows=cognito.AuthFlow(user_srp=True, admin_user_password=True),
            o_auth=_code_flow((console_url,)),
            read_attributes=cognito.ClientAttributes().with_standard_attributes(
                email=True, email_verified=True, fullname=True
            ),
            write_attributes=cognito.ClientAttributes().with_standard_attributes(
                email=True, fullname=True
            ),
            id_token_validity=Duration.hours(1),
            access_token_validity=Duration.hours(1),
            refresh_token_validity=STAFF_SESSION,
            enable_token_revocation=True,
            prevent_user_existence_errors=True,
        )

    def allow_managing_people(self, function: CapabilityFunction) -> None:
        """Allow inviting people and changing their groups; IAM cannot tell groups apart."""
        function.allow(
            "cognito-idp:AdminAddUserToGroup",
            "cognito-idp:AdminCreateUser",
            "cognito-idp:AdminDeleteUser",
            "cognito-idp:AdminGetUser",
            "cognito-idp:AdminListGroupsForUser",
            "cognito-idp:AdminRemoveUserFromGroup",
            "cognito-idp:CreateGroup",
            "cognito-idp:ListUsersInGroup",
            on=[self.pool.user_pool_arn],
        )


class ServicesPool(Pool):
    """Clients for the merchant's servers, which operators create through the API. It has no users.

    Every client may request the one scope that there is. The table says which programs each opens.
    """

    def __init__(self, scope: Construct, construct_id: str, *, settings: Settings) -> None:
        pool = cognito.UserPool(
            scope,
            "ServicesPool",
            self_sign_up_enabled=False,
            account_recovery=cognito.AccountRecovery.NONE,
            password_policy=_PASSWORDS,
            deletion_protection=settings.is_prod,
        )
        super().__init__(
            scope, construct_id, pool=pool, domain_prefix=f"loyalty-{settings.stage}-services"
        )
        acknowledge(pool, "AwsSolutions-COG2", reason="Nobody signs in here; servers have secrets.")
        _acknowledge_plan(pool)
        identifier, _, name = SERVICE_SCOPE.partition("/")
        pool.add_resource_server(
            "Api",
            identifier=identifier,
            scopes=[
                cognito.ResourceServerScope(
                    scope_name=name, scope_description="Call the API as a server"
                )
            ],
        )

    def allow_managing_clients(self, function: CapabilityFunction) -> None:
        function.allow(
            "cognito-idp:CreateUserPoolClient",
            "cognito-idp:DeleteUserPoolClient",
            on=[self.pool.user_pool_arn],
        )


class Identities(Construct):
    """The user pools of a deployment; `staff` is None if another issuer knows its staff."""

    def __init__(self, scope: Construct, construct_id: str, *, settings: Settings) -> None:
        super().__init__(scope, construct_id)
        self.members = MembersPool(self, "Members", settings=settings)
        self.staff = (
            None if settings.configuration.staff else StaffPool(self, "Staff", settings=settings)
        )
        self.services = ServicesPool(self, "Services", settings=settings)

    def publish(self, scope: Construct) -> None:
        """Write what a deployer needs for creating people and tokens into the stack's outputs."""
        CfnOutput(scope, "UserPoolId", value=self.members.id)
        CfnOutput(scope, "MobileClientId", value=self.members.client.user_pool_client_id)
        if self.staff:
            CfnOutput(scope, "StaffPoolId", value=self.staff.id)
        CfnOutput(scope, "ServicesPoolId", value=self.services.id)
        CfnOutput(scope, "TokenUrl", value=self.services.token_url)


def _code_flow(callback_urls: Sequence[str], *more: cognito.OAuthScope) -> cognito.OAuthSettings:
    """Return settings of the hosted sign-in: authorization code, for public clients with PKCE."""
    scopes = (cognito.OAuthScope.OPENID, cognito.OAuthScope.EMAIL, cognito.OAuthScope.PROFILE)
    return cognito.OAuthSettings(
        flows=cognito.OAuthFlows(authorization_code_grant=True),
        scopes=[*scopes, *more],
        callback_urls=list(callback_urls),
        logout_urls=list(callback_urls),
    )


def _send_through_ses(pool: cognito.UserPool, configuration: Configuration) -> None:
    """Send codes from the deployment's sender, if it has one; Cognito's mailer sends 50 a day."""
    sender = configuration.mail_from
    if sender is None:
        return
    identity = configuration.mail_identity or sender.partition("@")[2]
    # The construct's `email` requires a region that is known at synthesis.
    cast(
        cognito.CfnUserPool, pool.node.default_child
    ).email_configuration = cognito.CfnUserPool.EmailConfigurationProperty(
        email_sending_account="DEVELOPER",
        from_=sender,
        source_arn=Stack.of(pool).format_arn(
            service="ses", resource="identity", resource_name=identity
        ),
    )


def _acknowledge_plan(pool: cognito.UserPool) -> None:
    acknowledge(
        pool,
        "AwsSolutions-COG8",
        reason="The Plus plan is priced per active user. A merchant who wants its threat "
        "protection can change the plan in place.",
    )
