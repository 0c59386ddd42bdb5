"""Who may come in: accounts, tokens, sessions, and their operations."""

import asyncio

from dependency_injector import providers

from adapters.postgres.api_key_queries import PostgresBearerQueries
from adapters.postgres.identity_queries import PostgresAccountQueries
from adapters.security.common_passwords import is_common_password
from adapters.security.tokens import JwtTokens
from adapters.security.verifier import CachingTokenVerifier
from application.identity.administer_user import ChangeUser, DeleteUser
from application.identity.authenticate_program import AuthenticateProgram
from application.identity.change_password import ChangePassword
from application.identity.confirm_password import ConfirmPassword
from application.identity.delete_account import DeleteAccount
from application.identity.end_session import EndSession
from application.identity.grant_client_token import GrantClientToken
from application.identity.list_sessions import ListSessions
from application.identity.log_in import LogIn
from application.identity.log_out import LogOut
from application.identity.refresh_session import RefreshSession
from application.identity.register_user import RegisterUser
from application.identity.set_user_active import SetUserActive
from application.identity.set_user_role import SetUserRole
from application.identity.token_pairs import TokenPairs
from application.identity.update_profile import UpdateProfile
from application.identity.when_session_ended_revoke import CatchUpOnEndedSessions, WhenSessionEndedRevoke
from entrypoints import policies
from entrypoints.authentication import BearerAuthentication
from entrypoints.containers.core import Core
from entrypoints.containers.signing import Signing
from entrypoints.http.account import AccountOverHttp
from entrypoints.http.admin_users import AdminUsersOverHttp
from entrypoints.http.auth import AuthOverHttp
from entrypoints.http.cursors import Cursors


class Identity(Signing):
    """Accounts and access."""

    lifetimes = providers.Singleton(policies.lifetimes, Core.settings)
    tokens = providers.Singleton(
        JwtTokens,
        Signing.key_ring,
        Core.settings.provided.jwt_issuer,
        Core.settings.provided.jwt_audience,
        Core.clock,
    )
    verifier = providers.Singleton(
        CachingTokenVerifier, tokens, Core.clock, lifetime=lifetimes.provided.access
    )
    programs = providers.Singleton(
        AuthenticateProgram, providers.Singleton(PostgresBearerQueries, Core.database), Core.clock
    )
    authentication = providers.Singleton(BearerAuthentication, verifier, programs)
    grant_client_token = providers.Singleton(
        GrantClientToken,
        programs=programs,
        issuer=tokens,
        lifetimes=lifetimes,
        clock=Core.clock,
        ids=Core.ids,
    )
    cursors = providers.Singleton(Cursors, providers.Singleton(policies.cursor_secret, Core.settings))
    pairs = providers.Singleton(TokenPairs, tokens, Core.ids, lifetimes)
    accounts = providers.Singleton(PostgresAccountQueries, Core.database)
    register_user = providers.Singleton(
        RegisterUser,
        start_work=Core.start_work,
        accounts=accounts,
        hasher=Core.hasher,
        is_common=providers.Object(is_common_password),
        clock=Core.clock,
        ids=Core.ids,
    )
    log_in = providers.Singleton(
        LogIn,
        start_work=Core.start_work,
        accounts=accounts,
        hasher=Core.hasher,
        pairs=pairs,
        clock=Core.clock,
        ids=Core.ids,
        pause=providers.Object(asyncio.sleep),
    )
    refresh_session = providers.Singleton(
        RefreshSession,
        start_work=Core.start_work,
        reader=tokens,
        verifier=verifier,
        pairs=pairs,
        clock=Core.clock,
        pause=providers.Object(asyncio.sleep),
    )
    log_out = providers.Singleton(LogOut, Core.start_work, verifier, Core.clock)
    update_profile = providers.Singleton(UpdateProfile, Core.start_work, Core.clock)
    auth_over_http = providers.Singleton(
        AuthOverHttp,
        register_user=register_user,
        log_in=log_in,
        refresh_session=refresh_session,
        grant_client_token=grant_client_token,
        log_out=log_out,
        update_profile=update_profile,
        accounts=accounts,
    )
    confirm_password = providers.Singleton(
        ConfirmPassword, Core.start_work, accounts, Core.hasher, Core.clock
    )
    account_over_http = providers.Singleton(
        AccountOverHttp,
        list_sessions=providers.Singleton(ListSessions, accounts, lifetimes, Core.clock),
        end_session=providers.Singleton(EndSession, Core.start_work, verifier, Core.clock),
        change_password=providers.Singleton(
            ChangePassword,
            start_work=Core.start_work,
            accounts=accounts,
            confirm=confirm_password,
            hasher=Core.hasher,
            is_common=providers.Object(is_common_password),
            verifier=verifier,
            clock=Core.clock,
        ),
        delete_account=providers.Singleton(
            DeleteAccount, Core.start_work, confirm_password, verifier, Core.clock
        ),
    )
    admin_users_over_http = providers.Singleton(
        AdminUsersOverHttp,
        accounts=accounts,
        change_user=providers.Singleton(ChangeUser, Core.start_work, verifier, Core.clock),
        delete_user=providers.Singleton(DeleteUser, Core.start_work, verifier, Core.clock),
    )
    set_user_role = providers.Singleton(SetUserRole, Core.start_work, verifier, Core.clock)
    set_user_active = providers.Singleton(SetUserActive, Core.start_work, verifier, Core.clock)
    when_session_ended_revoke = providers.Singleton(WhenSessionEndedRevoke, verifier)
    catch_up_on_ended_sessions = providers.Singleton(
        CatchUpOnEndedSessions, accounts, verifier, lifetimes, Core.clock
    )
