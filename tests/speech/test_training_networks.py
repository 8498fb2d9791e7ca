"""Training itself, on made-up utterances: going on after an interruption, and from a model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="NOT TESTED: training needs .[training]")

from speech.languages.language import Language  # noqa: E402
from speech.training import telephoned, train, warm_start  # noqa: E402
from speech.training.dataset import Utterance  # noqa: E402
from speech.training.kaldi_model import write_model  # noqa: E402
from speech.training.network import TimeDelayNetwork  # noqa: E402
from speech.training.taught import Taught  # noqa: E402
from speech.training.units import UnitTable  # noqa: E402
from speech.training.warm_start import read_back, start_output, start_trunk  # noqa: E402

pytestmark = pytest.mark.unit

UNITS = ("SIL", "a", "b", "c")
WIDTH = 8


def utterances(count: int = 12) -> list[Utterance]:
    rng = np.random.default_rng(1)
    return [
        Utterance(
            rng.normal(0, 1, (60 + 3 * at, 32)).astype(np.float16),
            ((UNITS[1 + at % 3], UNITS[1 + (at + 1) % 3]),),
        )
        for at in range(count)
    ]


def lessons() -> dict[Language, train.Lesson]:
    return {
        language: train.Lesson(utterances(), UNITS)
        for language in (Language.ENGLISH, Language.CANTONESE)
    }


def weights(networks: dict[Language, TimeDelayNetwork]) -> list[np.ndarray]:
    return [
        value.numpy().copy()
        for network in networks.values()
        for value in network.state_dict().values()
    ]


def test_a_training_goes_on_where_it_was_interrupted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(train, "FRAMES_A_BATCH", 200)
    straight = weights(train.train(lessons(), train.Schedule(2, WIDTH, keep=tmp_path / "one")))
    schedule = train.Schedule(2, WIDTH, keep=tmp_path / "two")
    keep = train._Training.keep

    def interrupted(self: train._Training, epoch: int) -> None:
        keep(self, epoch)
        raise KeyboardInterrupt

    monkeypatch.setattr(train._Training, "keep", interrupted)
    with pytest.raises(KeyboardInterrupt):
        train.train(lessons(), schedule)
    monkeypatch.setattr(train._Training, "keep", keep)
    resumed = weights(train.train(lessons(), schedule))
    assert all(
        np.array_equal(weight, other) for weight, other in zip(straight, resumed, strict=True)
    )
    kept = [torch.load(tmp_path / "two" / f"en-{epoch}.pt") for epoch in range(3)]
    mean = train.mean_of(tmp_path / "two", Language.ENGLISH, {0: 1, 2: 3})
    assert torch.allclose(
        mean.state_dict()["output.weight"],
        0.25 * kept[0]["output.weight"] + 0.75 * kept[2]["output.weight"],
    )


def test_a_training_may_be_cut_short_and_its_rate_falls_to_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(train, "FRAMES_A_BATCH", 200)
    train.train(lessons(), train.Schedule(1, WIDTH, keep=tmp_path))
    state = torch.load(tmp_path / "state.pt", weights_only=False)
    state["epochs"] = 9
    torch.save(state, tmp_path / "state.pt")
    train.train(lessons(), train.Schedule(2, WIDTH, keep=tmp_path))
    ended = torch.load(tmp_path / "state.pt", weights_only=False)
    assert ended["epochs_done"] == 2
    rate = ended["optimiser"]["param_groups"][0]["lr"]
    assert rate == pytest.approx(train.LEARNING_RATE / train._SLOWEST, rel=0.01)


def test_a_network_starts_as_what_ships(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(3)
    shipped = TimeDelayNetwork(2 * len(UNITS), WIDTH)
    features = torch.randn(4000, 32)
    shipped.mean.copy_(features.mean(0))
    shipped.train()
    for _ in range(20):
        shipped(features[None, :600])
    torch.nn.init.normal_(shipped.output.weight)
    shipped.eval()
    path = tmp_path / "final.mdl"
    write_model(path, UnitTable(UNITS), *shipped.layers(), shipped.context)
    assert len(read_back(path)) == len(shipped.convolutions) + 1

    network = TimeDelayNetwork(2 * len(UNITS), WIDTH)
    network.mean.copy_(features.mean(0) + 0.5)
    network.deviation.copy_(features.std(0))
    start_trunk(network, path, features)
    start_output(network, path)
    network.eval()
    with torch.no_grad():
        wanted, got = shipped(features[None, :300]), network(features[None, :300])
    assert torch.allclose(wanted, got, atol=1e-3)
    with pytest.raises(ValueError, match="more or wider layers"):
        start_trunk(TimeDelayNetwork(8, WIDTH - 1), path, features)
    with pytest.raises(ValueError, match="not those of the lexicon"):
        start_output(TimeDelayNetwork(6, WIDTH), path)

    monkeypatch.setattr(warm_start, "_NOISE", 0.0)
    larger = TimeDelayNetwork(2 * len(UNITS), WIDTH + 5, shipped.depth + 1)
    larger.mean.copy_(network.mean)
    larger.deviation.copy_(network.deviation)
    start_trunk(larger, path, features)
    start_output(larger, path)
    larger.eval()
    with torch.no_grad():
        edge = larger.context - shipped.context
        got = larger(features[None, : 300 + 2 * edge])[:, : wanted.shape[1]]
        wanted = shipped(features[None, edge : 300 + edge])
    assert torch.allclose(wanted, got, atol=1e-3)


def test_processes_that_train_together_keep_the_same_networks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(train, "FRAMES_A_BATCH", 200)
    schedule = train.Schedule(1, WIDTH, keep=tmp_path, processes=2, half_precision=True)
    trained = train.train(lessons(), schedule)
    kept = torch.load(tmp_path / "en-1.pt")
    begun = torch.load(tmp_path / "en-0.pt")
    for name, value in trained[Language.ENGLISH].state_dict().items():
        assert torch.equal(value, kept[name])
    assert not torch.equal(kept["output.weight"], begun["output.weight"])


def test_the_teacher_is_a_second_target(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(train, "FRAMES_A_BATCH", 200)
    rng = np.random.default_rng(2)
    around = TimeDelayNetwork(2, WIDTH).context
    path = tmp_path / "taught.npz"
    features = rng.normal(0, 1, (2, 16, 66 * 3 + 2 * (around + 4), 32)).astype(np.float16)
    targets = rng.normal(0, 1, (16, 66, 96)).astype(np.float16)
    np.savez(path, features=features, taught=targets, around=around + 4)
    taught = Taught(path, around)
    frames, wanted = next(taught.batches(0))
    assert frames.shape == (8, 66 * 3 + 2 * around, 32)
    assert wanted.shape == (8, 66, 96)
    with pytest.raises(ValueError, match="frames of context"):
        Taught(path, around + 5)
    alone = weights(train.train(lessons(), train.Schedule(1, WIDTH)))
    both = train.Schedule(1, WIDTH, weight_of_taught=0.5)
    together = weights(train.train(lessons(), both, taught))
    assert not np.array_equal(alone[2], together[2])


def test_shards_of_features_are_read_as_they_were_written(tmp_path: Path) -> None:
    made = utterances(5)
    telephoned.save(tmp_path / "some-0000-0.npz", made[:3])
    telephoned.save(tmp_path / "some-0001-0.npz", made[3:])
    (tmp_path / "some-0002-0.unfinished.npz").write_bytes(b"half")
    read = list(telephoned.load(tmp_path))
    assert [utterance.words for utterance in read] == [utterance.words for utterance in made]
    assert all(
        np.array_equal(utterance.features, other.features)
        for utterance, other in zip(read, made, strict=True)
    )
