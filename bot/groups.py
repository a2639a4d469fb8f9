"""What the members of a group may choose there, /join and /leave, and what happens to the group itself."""

from telegram import ChatMember, Update
from telegram.constants import ChatType
from telegram.ext import ContextTypes

from bot.access import Access
from bot.addressing import new_number
from bot.delivery import Delivery
from bot.incoming import incoming
from engine.profile.engine import ProfileEngine
from storage.groups import GroupStore

_PRESENT = (ChatMember.MEMBER, ChatMember.ADMINISTRATOR, ChatMember.OWNER)


class GroupHandlers:
    """Handlers of what happens to a group, and of what its members say to being learnt from."""

    def __init__(
        self, *, access: Access, groups: GroupStore, profiles: ProfileEngine, delivery: Delivery
    ) -> None:
        self._access = access
        self._groups = groups
        self._profiles = profiles
        self._delivery = delivery

    async def on_join(self, update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        """This person may be learnt from in this group."""
        asked = incoming(update)
        if asked.message.sender_chat is not None:  # nobody in particular, such as an anonymous administrator
            await self._delivery.say(asked.chat_id, asked.texts.join_anonymous)
            return
        await self._groups.join(asked.chat_id, asked.user_id)
        await self._delivery.say(asked.chat_id, asked.texts.joined)

    async def on_leave(self, update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        """Nothing that this person says or has said in this group is learnt from any more."""
        asked = incoming(update)
        said = await self._groups.leave(asked.chat_id, asked.user_id)
        await self._profiles.erase_resting_on(asked.user_id, said)
        await self._delivery.say(asked.chat_id, asked.texts.left)

    async def on_in_private(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """A command whose answer is nobody else's business: point to the private chat."""
        asked = incoming(update)
        await self._delivery.say(
            asked.chat_id, asked.texts.in_private.format(link=f"https://t.me/{context.bot.username}")
        )

    async def on_in_groups(self, update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        """A command that means something in a group only."""
        asked = incoming(update)
        await self._delivery.say(asked.chat_id, asked.texts.in_groups)

    async def on_membership(self, update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        """The bot was blocked, or removed from a group: it says nothing there until it is wanted again."""
        change = update.my_chat_member
        assert change is not None, "this handles changes of the bot's own membership"
        if change.new_chat_member.status not in _PRESENT:
            await self._access.lost(change.chat.id)
        elif change.chat.type == ChatType.PRIVATE:
            await self._access.reached(change.chat.id)

    async def on_migration(self, update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        """A group has become a supergroup: its conversation goes on under the new number."""
        message = update.effective_message
        numbers = None if message is None else new_number(message)
        assert numbers is not None, "the filter lets only these through"
        await self._access.move_group(*numbers)
