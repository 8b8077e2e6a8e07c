"""What `unspoken bench ledger` compares: a turn that notes, and one that does not."""

from __future__ import annotations

import pytest

from bot.bench.ledger import _NoLedger
from bot.content.reply import Reply
from bot.storage.ledger import Ledger
from bot.tg.post import Post
from tests.bot_api import Person
from tests.tg.live import Live, until


@pytest.mark.parametrize(("kind", "rows"), [(Ledger, 1), (_NoLedger, 0)])
async def test_only_one_of_them_writes(live: Live, alice: Person, kind: type[Ledger], rows: int) -> None:
    """Otherwise what the ledger adds would look like nothing."""
    await alice.start()
    await alice.next_reply()
    real = live.desk.personal.ledger

    async def noted() -> bool:
        return len(await real.of_chat(alice.id)) == 2

    await until(noted)
    await live.desk.personal.erase(alice.id)
    post = Post(live.desk.signer, kind(live.desk.database, real._seal))
    assert await post.send(live.application.bot, alice.id, Reply("hello")) is not None
    assert len(await real.of_chat(alice.id)) == rows
