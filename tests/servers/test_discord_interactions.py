"""Slash commands, buttons, selects and modals between people and a bot of the real library."""

from __future__ import annotations

import discord
import pytest
from discord import app_commands

from tests.servers.discord.people import Impossible

pytestmark = pytest.mark.workers


class Question(discord.ui.Modal, title="A ticket"):
    subject = discord.ui.TextInput(label="Subject", max_length=20)
    details = discord.ui.TextInput(label="Details", required=False, style=discord.TextStyle.paragraph)

    async def on_submit(self, interaction: discord.Interaction) -> None:
        await interaction.response.send_message(f"{self.subject.value}: {self.details.value}", ephemeral=True)


class Panel(discord.ui.View):
    def __init__(self) -> None:
        super().__init__(timeout=None)

    @discord.ui.button(label="Open", custom_id="panel:open")
    async def open(self, interaction: discord.Interaction, _button: discord.ui.Button) -> None:
        await interaction.response.send_modal(Question())

    @discord.ui.button(label="Close", custom_id="panel:close")
    async def close(self, interaction: discord.Interaction, button: discord.ui.Button) -> None:
        button.disabled = True
        await interaction.response.edit_message(content="closed", view=self)

    @discord.ui.select(
        cls=discord.ui.UserSelect, placeholder="Assign", custom_id="panel:assign", min_values=1, max_values=2
    )
    async def assign(self, interaction: discord.Interaction, select: discord.ui.UserSelect) -> None:
        await interaction.response.defer()
        names = ", ".join(user.name for user in select.values)
        await interaction.edit_original_response(content=f"for {names}")


async def set_up(bot: discord.Client) -> None:
    ticket = app_commands.Group(name="ticket", description="Tickets")

    @ticket.command(name="open", description="Open one")
    @app_commands.describe(subject="What it is about", urgent="Whether it burns", about="Who it is about")
    async def open_ticket(
        interaction: discord.Interaction,
        subject: str,
        urgent: bool = False,
        about: discord.Member | None = None,
    ) -> None:
        callback = await interaction.response.send_message(f"{subject} {urgent} {about}", view=Panel())
        assert callback.resource.content.startswith(subject)

    @app_commands.command(description="Takes its time")
    async def slow(interaction: discord.Interaction) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        await interaction.followup.send("done")
        await interaction.followup.send("and more", ephemeral=True)
        await interaction.edit_original_response(content="really done")

    @app_commands.command(description="Answers twice")
    async def twice(interaction: discord.Interaction) -> None:
        await interaction.response.send_message("first")
        again = discord.InteractionResponse(interaction)
        try:
            await again.send_message("second")
        except discord.HTTPException as refused:
            await interaction.followup.send(str(refused.code))

    @app_commands.command(description="For the staff")
    @app_commands.default_permissions(manage_guild=True)
    async def staff(interaction: discord.Interaction) -> None:
        await interaction.response.send_message("welcome")

    for command in (ticket, slow, twice, staff):
        bot.tree.add_command(command)
    await bot.tree.sync()


@pytest.fixture
async def alice(discord_server) -> int:
    return discord_server.people.make_member("alice")


async def test_a_slash_command_carries_its_options_and_is_answered(discord_server, connected, alice):
    interface, general = discord_server.interface, discord_server.general_id
    async with connected(set_up=set_up):
        used = interface.slash(
            alice, general, "ticket open", {"subject": "Fire", "urgent": True, "about": alice}
        )
        answer = await discord_server.eventually(lambda: interface.interaction(used)["message"])
        assert answer["content"] == "Fire True alice"
        assert [one["content"] for one in discord_server.people.sees(alice, general)] == ["Fire True alice"]
        for wrong in ({}, {"subject": 7}, {"subject": "x", "colour": "red"}):
            with pytest.raises(Impossible):
                interface.slash(alice, general, "ticket open", wrong)
        with pytest.raises(Impossible):
            interface.slash(alice, general, "fly")
        with pytest.raises(Impossible):
            interface.slash(alice, general, "staff")


async def test_a_deferred_answer_is_filled_by_the_first_follow_up_and_stays_private(
    discord_server, connected, alice
):
    interface = discord_server.interface
    mallory = discord_server.people.make_member("mallory")
    async with connected(set_up=set_up):
        used = interface.slash(alice, discord_server.general_id, "slow")

        def contents() -> list[str]:
            return [one["content"] for one in discord_server.people.sees(alice, discord_server.general_id)]

        await discord_server.eventually(lambda: contents() == ["really done", "and more"])
        assert discord_server.people.sees(mallory, discord_server.general_id) == []
        assert interface.interaction(used)["ephemeral"]
        assert len(interface.interaction(used)["followups"]) == 1


async def test_an_interaction_is_answered_once(discord_server, connected, alice):
    interface = discord_server.interface
    async with connected(set_up=set_up):
        used = interface.slash(alice, discord_server.general_id, "twice")
        more = await discord_server.eventually(lambda: interface.interaction(used)["followups"])
        assert more[0]["content"] == "40060"


async def test_a_late_answer_is_unknown_and_a_token_ends_after_a_quarter_of_an_hour(
    discord_server, connected, alice
):
    general, taken = discord_server.general_id, []

    async def wait(bot: discord.Client) -> None:
        await set_up(bot)

        @bot.tree.command(description="Leaves it to the test")
        async def later(interaction: discord.Interaction) -> None:
            taken.append(interaction)

        await bot.tree.sync()

    async with connected(set_up=wait):
        discord_server.interface.slash(alice, general, "later")
        await discord_server.eventually(lambda: taken)
        discord_server.operations.advance(4)
        with pytest.raises(discord.NotFound) as late:
            await taken[0].response.send_message("sorry")
        assert late.value.code == 10062
        used = discord_server.interface.slash(alice, general, "later")
        await discord_server.eventually(lambda: len(taken) == 2)
        await taken[1].response.defer(thinking=True)
        assert discord_server.interface.interaction(used)["message"]["loading"]
        discord_server.operations.advance(16 * 60)
        with pytest.raises(discord.HTTPException) as over:
            await taken[1].followup.send("too late")
        assert over.value.code == 50027


async def test_a_button_shows_a_modal_and_its_answers_come_back(discord_server, connected, alice):
    interface = discord_server.interface
    async with connected(set_up=set_up) as bot:
        panel = await bot.general.send("a panel", view=Panel())
        used = interface.click(alice, panel.id, "panel:open")
        modal = await discord_server.eventually(lambda: interface.interaction(used)["modal"])
        assert modal["title"] == "A ticket"
        names = [part["components"][0]["custom_id"] for part in modal["components"]]
        for wrong in ({}, {names[0]: "x" * 21}, {"other": "x"}):
            with pytest.raises(Impossible):
                interface.submit(alice, used, wrong)
        sent = interface.submit(alice, used, {names[0]: "Fire", names[1]: "in the hall"})
        answer = await discord_server.eventually(lambda: interface.interaction(sent)["message"])
        assert (answer["content"], answer["only_for"]) == ("Fire: in the hall", alice)


async def test_buttons_and_selects_change_their_message(discord_server, connected, alice):
    interface, people, general = discord_server.interface, discord_server.people, discord_server.general_id
    bob = people.make_member("bob")
    async with connected(set_up=set_up) as bot:
        panel = await bot.general.send("a panel", view=Panel())
        interface.choose(alice, panel.id, "panel:assign", [alice, bob])
        await discord_server.eventually(lambda: people.messages(general)[0]["content"] == "for alice, bob")
        interface.click(alice, panel.id, "panel:close")
        await discord_server.eventually(lambda: people.messages(general)[0]["content"] == "closed")
        with pytest.raises(Impossible):
            interface.click(alice, panel.id, "panel:close")
        with pytest.raises(Impossible):
            interface.choose(alice, panel.id, "panel:assign", [])


async def test_old_buttons_work_for_a_new_bot(discord_server, connected, alice):
    async with connected() as bot:
        panel = await bot.general.send("a panel", view=Panel())

    async def know(bot: discord.Client) -> None:
        bot.add_view(Panel())

    async with connected(set_up=know):
        discord_server.interface.click(alice, panel.id, "panel:close")
        messages = discord_server.people.messages
        await discord_server.eventually(lambda: messages(discord_server.general_id)[0]["content"] == "closed")


async def test_syncing_again_keeps_the_commands_and_drops_what_is_gone(discord_server, connected):
    async with connected(set_up=set_up) as bot:
        before = {command["name"]: command["id"] for command in discord_server.people.dump()["commands"]}
        bot.tree.remove_command("slow")
        await bot.tree.sync()
        after = {command["name"]: command["id"] for command in discord_server.people.dump()["commands"]}
        assert after == {name: number for name, number in before.items() if name != "slow"}
