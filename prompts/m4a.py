"""M4A, as telephones record it: AAC or ALAC in an MPEG-4 container (ISO/IEC 14496-3, -12 and -14).

libsndfile does not read it; FFmpeg does, by way of PyAV. It is loaded when the first one comes, and
is let at no other container or codec: what is sent here comes from anywhere.
"""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np

from prompts.loudness import Samples

CODECS = ("aac", "alac")


class NoM4a(ValueError):
    """The container is damaged or not whole, or there is no sound in it."""


@dataclass(frozen=True)
class DecodedM4a:
    """What was decoded.

    Attributes:
        samples: a row a sample, a column a channel; full scale is 1.
        rate: Hz.
        seconds: the length that the file says it has; None where it says none.
    """

    samples: Samples
    rate: int
    seconds: float | None


def is_m4a(data: bytes) -> bool:
    """Whether it begins as an MPEG-4 file does."""
    return data[4:8] == b"ftyp"


def decoded(data: bytes, longest_s: float) -> DecodedM4a:
    """The sound, one sample more than `longest_s` seconds at most. Raises NoM4a."""
    import av
    from av.audio.resampler import AudioResampler

    blocks: list[Samples] = []
    count = 0
    try:
        with av.open(io.BytesIO(data), "r", format="mov") as container:
            stream = next(iter(container.streams.audio), None)
            if stream is None or stream.codec_context.name not in CODECS:
                raise NoM4a("no sound")
            rate = stream.codec_context.sample_rate
            base, length = stream.time_base, stream.duration
            seconds = float(length * base) if length is not None and base is not None else None
            most = int(longest_s * rate) + 1
            planar = AudioResampler(format="fltp")
            for frame in container.decode(stream):
                for block in planar.resample(frame):
                    blocks.append(np.asarray(block.to_ndarray().T, np.float32))
                    count += len(blocks[-1])
                if count >= most:
                    break
    except (av.FFmpegError, OSError, EOFError) as failure:
        raise NoM4a(str(failure)) from failure
    if not blocks:
        raise NoM4a("nothing in it")
    return DecodedM4a(np.concatenate(blocks)[:most], rate, seconds)
