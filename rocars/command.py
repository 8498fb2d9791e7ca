"""`python -m rocars`: serve until stopped; `--demo-codes` shows the demo of a running service."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tomllib
from pathlib import Path

from pydantic import ValidationError
from sqlalchemy.exc import SQLAlchemyError

from ground.standard_streams import open_closed
from rocars.clock import hong_kong_now
from rocars.secrets.key_ring import KeyMissing
from rocars.server import run
from rocars.service import wire
from rocars.settings import RocarsSettings
from rocars.store.migrations.upgrade import SchemaMismatch
from rocars.training.demo import DemoData


def main() -> int:
    open_closed()
    parser = argparse.ArgumentParser(prog="python -m rocars", description="The reference ROCARS.")
    parser.add_argument("--settings", type=Path, help="TOML file of settings")
    parser.add_argument(
        "--demo-codes",
        action="store_true",
        help="show demo drivers, their next one-time codes and demo cargo, then leave",
    )
    arguments = parser.parse_args()
    try:
        settings = RocarsSettings.from_file(arguments.settings)
        if arguments.demo_codes:
            return asyncio.run(_show_demo(settings))
        run(settings)
    except ValidationError as error:
        for wrong in error.errors(include_url=False, include_input=False):
            where = ".".join(str(part) for part in wrong["loc"])
            print(f"rocars: setting {where}: {wrong['msg']}", file=sys.stderr)
        return 2
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        print(f"rocars: {arguments.settings}: expected TOML: {error}", file=sys.stderr)
        return 2
    except (KeyMissing, SchemaMismatch, OSError, SQLAlchemyError) as error:
        print(f"rocars: {str(error).splitlines()[0]}", file=sys.stderr)
        return 1
    return 0


async def _show_demo(settings: RocarsSettings) -> int:
    if not settings.demo.enabled:
        print("rocars: demo.enabled is off", file=sys.stderr)
        return 2
    service = wire(settings, hong_kong_now)
    try:
        info = await DemoData(service).info()
    finally:
        await service.close()
    print(info.model_dump_json(indent=2))
    return 0
