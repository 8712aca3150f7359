"""Who may sign in: people through a user pool, servers with client credentials."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from aws_cdk import Aws, CfnOutput, Duration, Stack
from aws_cdk import aws_cognito as cognito
from constructs import Construct

from infra.acknowledge import acknowledge
from infra.settings import Configuration, Settings

SERVICE_SCOPE = "service"


class Identities(Construct):
    """The user pool, a client for mobile apps and tills, and a server client for each program.

    Groups `<program>/<role>` are created with a program's first people. A program that servers may
    call has a resource server here, with the scope `<program>/service`, and a client that may
    request only this scope. So its secret opens one program.
    """

    def __init__(self, scope: Construct, construct_id: str, *, settings: Settings) -> None:
        super().__init__(scope, construct_id)
        self._pool = self._user_pool(settings)
        programs = settings.configuration.programs
        self._mobile = self._mobile_client(settings.configuration.callback_urls)
        self._services = {each: self._service_client(each) for each in programs}
        domain = self._pool.add_domain(
            "Domain",
            # A prefix is unique over all accounts of a region.
            cognito_domain=cognito.CognitoDomainOptions(
                domain_prefix=f"loyalty-{settings.stage}-{Aws.ACCOUNT_ID}"
            ),
        )
        self.authorize_url = f"{domain.base_url()}/oauth2/authorize"
        self.token_url = f"{domain.base_url()}/oauth2/token"

    @property
    def issuer(self) -> str:
        # Not the pool's attribute `ProviderURL`, which the local cloud's CloudFormation lacks.
        return f"https://cognito-idp.{Aws.REGION}.amazonaws.com/{self._pool.user_pool_id}"

    @property
    def audience(self) -> tuple[str, ...]:
        """All clients. An ID token names its client in `aud`, a server's token in `client_id`."""
        services = (each.user_pool_client_id for each in self._services.values())
        return (self._mobile.user_pool_client_id, *services)

    @property
    def people_client_id(self) -> str:
        return self._mobile.user_pool_client_id

    def publish(self, scope: Construct) -> None:
        """Write what a deployer needs for creating people and tokens into the stack's outputs."""
        CfnOutput(scope, "UserPoolId", value=self._pool.user_pool_id)
        CfnOutput(scope, "MobileClientId", value=self._mobile.user_pool_client_id)
        services = (f"{name}={each.user_pool_client_id}" for name, each in self._services.items())
        CfnOutput(scope, "ServiceClientIds", value=",".join(services))
        CfnOutput(scope, "TokenUrl", value=self.token_url)

    def _user_pool(self, settings: Settings) -> cognito.UserPool:
        pool = cognito.UserPool(
            self,
            "UserPool",
            self_sign_up_enabled=True,
            # By e-mail only: a public sign-up that sends text messages invites toll fraud.
            sign_in_aliases=cognito.SignInAliases(email=True),
            sign_in_case_sensitive=False,
            auto_verify=cognito.AutoVerifiedAttrs(email=True),
            # The old address stays in force until the new one is verified.
            keep_original=cognito.KeepOriginalAttrs(email=True),
            account_recovery=cognito.AccountRecovery.EMAIL_ONLY,
            mfa=cognito.Mfa.OPTIONAL,
            mfa_second_factor=cognito.MfaSecondFactor(otp=True, sms=False),
            password_policy=cognito.PasswordPolicy(
                min_length=12,
                require_lowercase=True,
                require_uppercase=True,
                require_digits=True,
                require_symbols=True,
                temp_password_validity=Duration.days(3),
            ),
            feature_plan=cognito.FeaturePlan.ESSENTIALS,
            deletion_protection=settings.is_prod,
        )
        if settings.configuration.mail_from:
            self._send_through_ses(pool, settings.configuration)
        acknowledge(
            pool,
            "AwsSolutions-COG2",
            reason="Members share the pool with staff. Anyone can turn a second factor on, but "
            "customers of a coffee shop would stay away if they had to.",
        )
        acknowledge(
            pool,
            "AwsSolutions-COG8",
            reason="The Plus plan is priced per active user. A merchant who wants its threat "
            "protection can change the plan in place.",
        )
        return pool

    def _send_through_ses(self, pool: cognito.UserPool, configuration: Configuration) -> None:
        """Send codes from the deployment's sender; Cognito's own mailer sends 50 a day."""
        sender = configuration.mail_from
        if sender is None:
            raise TypeError("No sender is configured.")
        identity = configuration.mail_identity or sender.partition("@")[2]
        # The construct's `email` requires a region that is known at synthesis.
        cast(
            cognito.CfnUserPool, pool.node.default_child
        ).email_configuration = cognito.CfnUserPool.EmailConfigurationProperty(
            email_sending_account="DEVELOPER",
            from_=sender,
            source_arn=Stack.of(self).format_arn(
                service="ses", resource="identity", resource_name=identity
            ),
        )

    def _mobile_client(self, callback_urls: Sequence[str]) -> cognito.UserPoolClient:
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
        return self._pool.add_client(
            "Mobile",
            generate_secret=False,
            # Operators get a token by hand with admin sign-in, which also requires IAM rights.
            auth_flows=cognito.AuthFlow(user_srp=True, admin_user_password=True),
            disable_o_auth=not callback_urls,
            o_auth=cognito.OAuthSettings(
                flows=cognito.OAuthFlows(authorization_code_grant=True),
                scopes=[
                    cognito.OAuthScope.OPENID,
                    cognito.OAuthScope.EMAIL,
                    cognito.OAuthScope.PHONE,
                    cognito.OAuthScope.PROFILE,
                ],
                callback_urls=list(callback_urls),
            )
            if callback_urls
            else None,
            read_attributes=readable,
            write_attributes=writable,
            id_token_validity=Duration.hours(1),
            access_token_validity=Duration.hours(1),
            refresh_token_validity=Duration.days(90),
            enable_token_revocation=True,
            prevent_user_existence_errors=True,
        )

    def _service_client(self, program: str) -> cognito.UserPoolClient:
        """Create the confidential client for one program's servers."""
        scope = cognito.ResourceServerScope(
            scope_name=SERVICE_SCOPE, scope_description="Call the program's API as a server"
        )
        server = self._pool.add_resource_server(
            f"Program-{program}", identifier=program, scopes=[scope]
        )
        return self._pool.add_client(
            f"Service-{program}",
            generate_secret=True,
            o_auth=cognito.OAuthSettings(
                flows=cognito.OAuthFlows(client_credentials=True),
                scopes=[cognito.OAuthScope.resource_server(server, scope)],
            ),
            access_token_validity=Duration.hours(1),
            enable_token_revocation=True,
            prevent_user_existence_errors=True,
        )
