"""The tables."""

from __future__ import annotations

from sqlalchemy import Column, Date, Integer, MetaData, String, Table

metadata = MetaData()

counters = Table(
    "counters",
    metadata,
    Column("day", Date, primary_key=True),
    Column("name", String(64), primary_key=True),
    Column("total", Integer, nullable=False),
)
"""how often a topic was asked on a day (UTC), about nobody in particular"""
