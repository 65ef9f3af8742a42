"""Who may do what: the permissions there are, and those of each role."""

from __future__ import annotations

from dataclasses import dataclass

from models.errors import InputError

PERMISSIONS = {
    "assess": "assess a text, read the taxonomy",
    "tickets": "read and handle tickets",
    "cases": "search and read cases, say whether a solution helped",
    "archive": "write, review and withdraw cases",
    "analyse": "retrospectives, problem groups, measures",
    "transfer": "import and export",
    "learn": "train, promote and roll back models",
    "settings": "rules and figures of the service",
    "accounts": "users, tokens and the audit log",
}
"""Code of each permission -> what it allows."""

_AGENT = ("assess", "tickets", "cases")
_ENGINEER = (*_AGENT, "archive")
_LEAD = (*_ENGINEER, "analyse", "transfer")
ROLES: dict[str, frozenset[str]] = {
    "agent": frozenset(_AGENT),
    "engineer": frozenset(_ENGINEER),
    "lead": frozenset(_LEAD),
    "admin": frozenset(PERMISSIONS),
}
"""Role -> the permissions it has."""

ALL = "*"


@dataclass(frozen=True, slots=True)
class Identity:
    """Who is asking. ``via`` is ``session``, ``token`` or ``service`` (a command beside the service)."""

    name: str
    role: str
    permissions: frozenset[str]
    via: str
    csrf: str = ""
    must_change: bool = False
    team: str = ""

    def may(self, permission: str) -> bool:
        """Whether this is allowed."""
        return permission in self.permissions


def permissions(role: str, scope: str = ALL) -> frozenset[str]:
    """What a role may do within a token's scope."""
    held = ROLES.get(role, frozenset())
    return held if scope == ALL else held & frozenset(scope.split(","))


def checked_role(role: str) -> str:
    """The role, if there is such a one.

    Raises:
        InputError: there is not.
    """
    if role not in ROLES:
        raise InputError(f"role is one of {', '.join(ROLES)}, not {role!r}", field="role")
    return role


def checked_scope(scope: str, role: str) -> str:
    """A token's scope in order: permissions by comma, or ``*``.

    Raises:
        InputError: it names none, an unknown one, or one that the role lacks.
    """
    if scope.strip() == ALL:
        return ALL
    asked = {part.strip() for part in scope.split(",") if part.strip()}
    for name in sorted(asked):
        if name not in PERMISSIONS:
            raise InputError(f"scope is * or some of {', '.join(PERMISSIONS)}, not {name!r}", field="scope")
        if name not in ROLES[role]:
            raise InputError(f"scope: the role {role} lacks {name!r}", field="scope")
    if not asked:
        raise InputError(f"scope is * or some of {', '.join(PERMISSIONS)}", field="scope")
    return ",".join(name for name in PERMISSIONS if name in asked)
