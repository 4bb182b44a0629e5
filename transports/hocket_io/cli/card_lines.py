"""What an agent's card says, in fields for people (a2a-cli §10.1)."""

from __future__ import annotations

from collections.abc import Iterator

from hocket.a2a import AgentCard, AgentInterface, AgentSkill, interfaces_of
from hocket_io.cli.output import block, field_line

__all__ = ["card_lines"]


def card_lines(card: AgentCard) -> list[str]:
    """Who the agent is, what it can do, where it is, what it asks of callers, and its skills."""
    lines = field_line("Name", card.name)
    lines += block("Description", card.description) if card.description else []
    for label, value in _facts(card):
        lines += field_line(label, value)
    for skill in card.skills:
        lines += _skill_lines(skill)
    return lines


def _facts(card: AgentCard) -> Iterator[tuple[str, str]]:
    if card.version:
        yield "Version", card.version
    if card.provider is not None:
        yield "Provider", ", ".join(filter(None, (card.provider.organization, card.provider.url)))
    if card.documentation_url is not None:
        yield "Documentation", card.documentation_url
    for line in dict.fromkeys(_interface(interface) for interface in interfaces_of(card)):
        yield "Interface", line
    for name in _capabilities(card):
        yield "Capability", name
    for extension in card.capabilities.extensions:
        yield "Extension", f"{extension.uri} (required)" if extension.required else extension.uri
    for name, scheme in card.security_schemes.items():
        yield "Security", f"{name}: {type(scheme).__name__.removesuffix('SecurityScheme')}"
    if card.signatures:
        yield "Signatures", f"{len(card.signatures)} (not verified)"


def _capabilities(card: AgentCard) -> Iterator[str]:
    has = card.capabilities
    if has.streaming:
        yield "streaming"
    if has.push_notifications:
        yield "push notifications"
    if has.extended_agent_card or card.supports_authenticated_extended_card:
        yield "extended card"


def _interface(interface: AgentInterface) -> str:
    tenant = f", tenant {interface.tenant}" if interface.tenant else ""
    version = ".".join(interface.protocol_version.split(".")[:2])  # a patch says nothing of what is spoken
    return f"{interface.url} ({interface.protocol_binding}, A2A {version}{tenant})"


def _skill_lines(skill: AgentSkill) -> list[str]:
    lines = field_line("Skill", f"{skill.name} ({skill.id})" if skill.name not in ("", skill.id) else skill.id)
    lines += block("About", skill.description) if skill.description else []
    for example in skill.examples:
        lines += field_line("Example", example)
    return lines
