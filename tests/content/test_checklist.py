"""What an operator must check, and the record of it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from bot.content.catalogue import Catalogue
from bot.content.checklist import checklist, done_on, record_done, stale_lines

TODAY = dt.date(2026, 12, 1)


def test_the_list_names_every_number_of_the_country(catalogue: Catalogue) -> None:
    """And emergency numbers are not to be dialled to test."""
    text = "\n".join(checklist(catalogue.resources, "GB"))
    for line in catalogue.resources.lines:
        if line.country == "GB":
            for contact in line.contacts:
                assert contact.number in text
    assert "do not dial it to test" in text


def test_the_record_holds_for_the_file_it_was_made_for(tmp_path: Path, root: Path) -> None:
    """A changed file has to be gone through again; a broken record counts as none."""
    assert done_on(tmp_path, root, "GB") is None
    record_done(tmp_path, root, "GB", TODAY)
    assert done_on(tmp_path, root, "GB") == TODAY
    assert done_on(tmp_path, root, "PK") is None
    other = tmp_path / "other"
    (other / "responses").mkdir(parents=True)
    (other / "responses" / "resources.yaml").write_text("lines: []\n")
    assert done_on(tmp_path, other, "GB") is None
    (tmp_path / "checklist.json").write_text("{")
    assert done_on(tmp_path, root, "GB") is None


def test_staleness_is_told_by_day(catalogue: Catalogue) -> None:
    """Nothing is stale today; all is, years later."""
    assert stale_lines(catalogue.resources, TODAY) == ()
    assert len(stale_lines(catalogue.resources, dt.date(2031, 1, 1))) == len(catalogue.resources.lines)
