"""A file of 5,000 consignments: reading it, and the whole way to its CCRNs over HTTP.

python -m benchmarks.batch
"""

from __future__ import annotations

import asyncio
import csv
import io
import statistics
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path

import aiohttp
from pydantic import SecretStr

from rocars.cargo.batch.items import ITEMS
from rocars.cargo.batch.reading import read_file
from rocars.cargo.dates import LodgingDates
from rocars.cargo.settings import BatchSettings, CargoRules
from rocars.clock import hong_kong_now
from rocars.secrets.key_ring import Role
from rocars.secrets.settings import KeySettings
from rocars.server import serve
from rocars.settings import ListenSettings, RocarsSettings

COUNT = 5000
ROUNDS = 5
ROW = {
    "direction": "outbound",
    "packages": "12",
    "package_description": "紙箱 Cartons",
    "articles": "雨傘、燈籠及電子零件 Umbrellas, lanterns and electronic parts",
    "consignor_name": "香港九龍貿易有限公司",
    "consignor_address": "九龍觀塘工業區鴻圖道 1 號 1 Hung To Road, Kwun Tong, Kowloon",
    "consignee_name": "深圳市羅湖電子有限公司",
    "consignee_address": "深圳市羅湖區人民南路 2 號 2 Renmin South Road, Luohu, Shenzhen",
    "container_numbers": "TCLU1234567",
}


def file_of(count: int, due: date) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, [item.name for item in ITEMS], restval="")
    writer.writeheader()
    for number in range(count):
        row = ROW | {"reference": f"PO-{number}-{time.monotonic_ns()}"}
        writer.writerow(row | {"expected_date": due.isoformat()})
    return text.getvalue().encode("big5")


async def main() -> None:
    due = hong_kong_now().date() + timedelta(days=3)
    dates = LodgingDates.at(hong_kong_now(), CargoRules())
    read_s, whole_s, size = [], [], 0
    with tempfile.TemporaryDirectory() as folder:
        settings = RocarsSettings(
            data_dir=Path(folder),
            listen=ListenSettings(port=0),
            keys=KeySettings(shipper=SecretStr("s" * 32), admin=SecretStr("a" * 32)),
        )
        running = await serve(settings)
        async with aiohttp.ClientSession(headers={"X-Api-Key": "a" * 32}) as http:
            company = {"registration_number": "BR-1", "name": "B", "responsible_person": "C"}
            async with http.post(f"{running.base_url}/v1/companies", json=company) as response:
                response.raise_for_status()
            for _ in range(ROUNDS):
                content = file_of(COUNT, due)
                size = len(content)
                began = time.perf_counter()
                reading = read_file(io.BytesIO(content), "BR-1", dates, BatchSettings())
                read_s.append(time.perf_counter() - began)
                assert len(reading.good) == COUNT, reading.errors[:3]
                began = time.perf_counter()
                async with http.post(
                    f"{running.base_url}/v1/batches?company=BR-1&keep=all&again=no", data=content
                ) as response:
                    answer = await response.json()
                whole_s.append(time.perf_counter() - began)
                assert answer["lodged"] == COUNT, answer
        await running.close()
    assert Role.SHIPPER in running.keys.api_keys
    print(f"{COUNT} consignments, {size / 1e6:.2f} MB in Big5, median of {ROUNDS}:")
    print(f"  read and judged      {statistics.median(read_s):.2f} s")
    print(f"  lodged over HTTP     {statistics.median(whole_s):.2f} s")


if __name__ == "__main__":
    asyncio.run(main())
