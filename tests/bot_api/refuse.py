"""Refusals, in Telegram's own JSON shape and wording."""

from typing import Any

Wire = dict[str, Any]


class ApiError(Exception):
    """What Telegram answers instead of a result."""

    def __init__(self, status: int, description: str, parameters: Wire | None = None) -> None:
        super().__init__(description)
        self.status = status
        self.description = description
        self.parameters = parameters

    def wire(self) -> Wire:
        """Returns the body that Telegram would send."""
        body: Wire = {"ok": False, "error_code": self.status, "description": self.description}
        if self.parameters:
            body["parameters"] = self.parameters
        return body


def bad_request(detail: str, **parameters: int) -> ApiError:
    """Returns a 400; the detail starts in lower case, except for codes such as BUTTON_DATA_INVALID."""
    if len(detail) > 1 and not (detail[1].isupper() or detail[1] == "_"):
        detail = detail[0].lower() + detail[1:]
    return ApiError(400, f"Bad Request: {detail}", parameters or None)


def forbidden(detail: str) -> ApiError:
    """Returns a 403."""
    return ApiError(403, f"Forbidden: {detail}")


def conflict(detail: str) -> ApiError:
    """Returns a 409."""
    return ApiError(409, f"Conflict: {detail}")


def too_many_requests(retry_after: int) -> ApiError:
    """Returns a 429 with the seconds to wait."""
    return ApiError(429, f"Too Many Requests: retry after {retry_after}", {"retry_after": retry_after})


WEBHOOK_IS_ACTIVE = "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
OTHER_GET_UPDATES = "terminated by other getUpdates request; make sure that only one bot instance is running"
NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same "
    "as a current content and reply markup of the message"
)
OLD_QUERY = "query is too old and response timeout expired or query ID is invalid"
