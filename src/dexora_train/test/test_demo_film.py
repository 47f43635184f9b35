"""The film of the README is made by one command, for whoever acts, and says how it went."""

from PIL import Image

from dexora_train import demo_film

SMALL = ("--size", "64", "48")


def test_expert_is_filmed_at_a_task_from_start_to_success(tmp_path, capsys):
    path = tmp_path / "demo.webp"
    assert demo_film.main(["expert", str(path), "--task", "reach", *SMALL]) == 0
    said = capsys.readouterr().out
    assert "reach, seed 1000000" in said
    assert ": done" in said
    with Image.open(path) as film:
        assert film.size == (64, 53)
        assert film.n_frames > 10


def test_model_that_is_none_is_refused_in_one_sentence(tmp_path, capsys):
    assert demo_film.main([str(tmp_path), str(tmp_path / "demo.webp"), *SMALL]) == 1
    assert "is neither a bundle (manifest.json) nor a checkpoint" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
