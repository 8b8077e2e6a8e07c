"""Who is in a group, with which rights."""

from dataclasses import dataclass, field, replace
from typing import Literal

from .refuse import Wire

Status = Literal["creator", "administrator", "member", "left", "kicked"]

RIGHTS = (
    "can_manage_chat",
    "can_delete_messages",
    "can_manage_video_chats",
    "can_restrict_members",
    "can_promote_members",
    "can_change_info",
    "can_invite_users",
    "can_post_stories",
    "can_edit_stories",
    "can_delete_stories",
    "can_pin_messages",
    "can_manage_topics",
)
PERMISSIONS = (
    "can_send_messages",
    "can_send_audios",
    "can_send_documents",
    "can_send_photos",
    "can_send_videos",
    "can_send_video_notes",
    "can_send_voice_notes",
    "can_send_polls",
    "can_send_other_messages",
    "can_add_web_page_previews",
    "can_change_info",
    "can_invite_users",
    "can_pin_messages",
    "can_manage_topics",
)


@dataclass(frozen=True, slots=True)
class Member:
    """One user's standing in a chat."""

    user: Wire
    status: Status = "member"
    anonymous: bool = False
    # The rights of an administrator; a creator has all of them.
    rights: frozenset[str] = field(default_factory=lambda: frozenset(RIGHTS))

    @property
    def present(self) -> bool:
        """Whether the user is in the chat."""
        return self.status in ("creator", "administrator", "member")

    @property
    def admin(self) -> bool:
        """Whether the user may administer the chat."""
        return self.status in ("creator", "administrator")

    def may(self, right: str) -> bool:
        """Whether the user has an administrator's right."""
        return self.status == "creator" or (self.status == "administrator" and right in self.rights)

    def as_status(self, status: Status) -> "Member":
        """Returns the member in another standing."""
        return replace(self, status=status)

    def wire(self) -> Wire:
        """Returns the ChatMember object."""
        shape: Wire = {"user": self.user, "status": self.status}
        if self.status == "creator":
            shape["is_anonymous"] = self.anonymous
        elif self.status == "administrator":
            shape |= {"can_be_edited": False, "is_anonymous": self.anonymous}
            shape |= {right: right in self.rights for right in RIGHTS}
        elif self.status == "kicked":
            shape["until_date"] = 0
        return shape
