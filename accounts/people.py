"""People as Discord knows them: one account for each Discord id, and the role their guild gives."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass

from django.conf import settings
from django.db import IntegrityError, transaction

from accounts.errors import NameTaken
from accounts.models import User, new_user_id
from accounts.roles import Role


@dataclass(frozen=True)
class Profile:
    """What Discord says of somebody. `role_ids` None: not a member of the guild."""

    discord_id: int
    name: str
    avatar: str = ""
    discriminator: str = "0"
    role_ids: Collection[int] | None = None


def _role_ids_of_environment() -> dict[Role, int | None]:
    return {
        Role.ADMIN: settings.ADMIN_ROLE_ID,
        Role.MODERATOR: settings.MODERATOR_ROLE_ID,
        Role.LOOTLING: settings.LOOTLING_ROLE_ID,
    }


role_ids: Callable[[], dict[Role, int | None]] = _role_ids_of_environment
"""Which role of the guild gives which role here; `botconfig` puts its own reading in this place."""


def _nobody_listens() -> bool:
    return True


bot_is_away: Callable[[], bool] = _nobody_listens
"""Whether roles have to be asked for, as no bot hears of their changes; `botconfig` knows."""


def guild_role(held: Collection[int] | None, known: Mapping[Role, int | None] | None = None) -> str:
    """The role a member's guild roles give; any member is a lootling, somebody else nothing.

    `known`, from `role_ids`, for whoever asks of many.
    """
    if held is None:
        return ""
    known = known or role_ids()
    for role in (Role.ADMIN, Role.MODERATOR):
        if known[role] in held:
            return role
    return Role.LOOTLING


def person_from_discord(profile: Profile) -> User:
    """The account behind a Discord id, made on first sight, with the name, avatar and role as they are now.

    An account that was made elsewhere keeps its own name. Raises `NameTaken` where none can be found.
    """
    user: User | None = User.objects.filter(discord_id=profile.discord_id).first()
    if user is None:
        return _made(profile)
    return _brought_up_to_date(user, profile)


def _made(profile: Profile) -> User:
    for name in _names(profile):
        user = User(
            username=name[:150],
            user_id=_free_user_id(profile.discord_id),
            discord_id=profile.discord_id,
            discriminator=profile.discriminator,
            avatar=profile.avatar,
            guild_role=guild_role(profile.role_ids),
        )
        user.set_unusable_password()
        try:
            with transaction.atomic():
                user.save(force_insert=True)
            return user
        except IntegrityError:
            # The name is somebody else's, or another process made this account at this moment.
            earlier: User | None = User.objects.filter(discord_id=profile.discord_id).first()
            if earlier is not None:
                return earlier
    raise NameTaken


def _names(profile: Profile) -> Iterator[str]:
    """Their own, and others for when it is somebody else's."""
    own_number = str(profile.discord_id)
    yield from (profile.name, f"{profile.name}-{own_number[-4:]}", own_number)
    yield from (f"{own_number}-{secrets.token_hex(4)}" for _attempt in range(3))


def _free_user_id(discord_id: int) -> str:
    """Another one where an account has it whose link to this Discord id was taken away."""
    taken = User.objects.filter(user_id=str(discord_id)).exists()
    return new_user_id() if taken else str(discord_id)


def _brought_up_to_date(user: User, profile: Profile) -> User:
    now = {
        "avatar": profile.avatar,
        "discriminator": profile.discriminator,
        "guild_role": guild_role(profile.role_ids),
    }
    if user.user_id == str(profile.discord_id) and not _taken(profile.name, user):
        now["username"] = profile.name
    changed = {field: value for field, value in now.items() if getattr(user, field) != value}
    try:
        _change(user, changed)
    except IntegrityError:  # somebody else took the name at this moment
        changed.pop("username", None)
        _change(user, changed)
    return user


def _change(user: User, changed: Mapping[str, str]) -> None:
    if not changed:
        return
    with transaction.atomic():
        User.objects.filter(pk=user.pk).update(**changed)
    for field, value in changed.items():
        setattr(user, field, value)


def _taken(name: str, user: User) -> bool:
    return name != user.username and User.objects.filter(username=name).exclude(pk=user.pk).exists()


def follow_guild(discord_id: int, held: Collection[int] | None) -> None:
    """A member's roles changed, or they left (None). It counts at their next request."""
    role = guild_role(held)
    User.objects.filter(discord_id=discord_id).exclude(guild_role=role).update(guild_role=role)
